import { messageOf } from "../lib/errors";
import { imageReference } from "../lib/image-reference";
import { HalfMade, type CheckFailure, type Context, type Difference, type ResourceType } from "../plugin/resource";
import { explain } from "../plugin/grpc";
import { changedProperties } from "../plugin/service";
import { hasUnknown, type Properties } from "../plugin/values";
import { checkRules } from "./checks";
import { expired, machineRules, machineSpec } from "./machine-inputs";
import { startFresh, type StartDependencies } from "./machine-start";
import { inspectMachine, removeMachine, startMachine } from "./qemu/machine";
import type { InspectedMachine, MachineImage } from "./qemu/spec";

export interface MachineDependencies extends StartDependencies {
  /** @throws UserError with the command to run when there is no such image */
  readonly resolveImage: (ref: string) => Promise<MachineImage>;
}

/** What can change while the machine lives, how the next one would start for one; everything else makes another one. */
const updatable = new Set(["tags", "start"]);

/** Pure. The state as last seen counts too: what stopped is started again, what crashed is made anew. */
export function machineDiff(olds: Properties, news: Properties, outputs: Properties): Difference {
  const changed = changedProperties(olds, news);
  const replaces = changed.filter((property) => !updatable.has(property));
  const updates = changed.filter((property) => updatable.has(property));
  const { state, crashed } = outputs;
  if (crashed === true) replaces.push("state");
  else if (typeof state === "string" && state !== "running") updates.push("state");
  return { replaces, updates, deleteBeforeReplace: true };
}

/** Outputs: what was asked for, without the private key, and what became of it. */
function outputsOf(inputs: Properties, machine: InspectedMachine): Properties {
  const asked = { ...inputs };
  delete asked["hostPrivateKey"];
  const { address, port, user, folder, consolePath, accelerator, imageVersion, pid, state, crashed, started } = machine;
  return {
    ...asked,
    address,
    port,
    user,
    folder,
    consolePath,
    accelerator,
    imageVersion,
    pid,
    state,
    crashed,
    started,
  };
}

/** kmvm:local:Machine: a virtual machine of the QEMU layer. Made = QEMU runs. */
export function machine({ home, resolveImage, warmImage }: MachineDependencies): ResourceType {
  /** The image that a machine has already, however the pointer has moved since; else what the reference means now. */
  async function imageFor(id: string, ref: string): Promise<MachineImage> {
    const existing = await inspectMachine(home, id);
    const { name } = imageReference(ref);
    return resolveImage(existing ? `${name}@${existing.imageVersion}` : ref);
  }

  async function bringUp(
    inputs: Properties,
    context: Context,
    imageOf: (id: string, ref: string) => Promise<MachineImage>,
  ) {
    const id = String(inputs["machineId"]);
    try {
      const image = await imageOf(id, String(inputs["image"]));
      context.log("info", `image ${image.name} ${image.version}`);
      const log = (line: string) => {
        context.log("info", line);
      };
      const { spec, start } = machineSpec(inputs, image);
      const options = { log, signal: context.signal };
      const existing = await inspectMachine(home, id);
      const hasRun = existing !== undefined && existing.state !== "half-made";
      const started = await (hasRun
        ? startMachine(home, spec, options)
        : startFresh({ home, warmImage }, start, spec, options));
      context.log("info", `QEMU runs (pid ${started.pid}), ssh on ${started.address}:${started.port}`);
      return { id, properties: outputsOf(inputs, { ...started, state: "running", crashed: false }) };
    } catch (error) {
      const left = await inspectMachine(home, id);
      // Only what is this run's own may be left to it: destroy will remove it.
      if (left && JSON.stringify(left.tags.runId) === JSON.stringify(tagOf(inputs, "runId")))
        throw new HalfMade(id, outputsOf(inputs, left), [explain(error)]);
      throw error;
    }
  }

  async function checkImage(news: Properties, olds: Properties): Promise<CheckFailure[]> {
    const { image } = news;
    if (typeof image !== "string" || hasUnknown(image) || image === olds["image"]) return [];
    try {
      await resolveImage(image);
      return [];
    } catch (error) {
      return [{ property: "image", reason: explain(error) }];
    }
  }

  return {
    computed: ["address", "port", "pid", "state", "crashed", "started"],

    async check(news, olds) {
      const { inputs, failures } = checkRules(machineRules, news);
      const wrong = new Set(failures.map(({ property }) => property));
      const circumstances = [
        ...(olds["expiresAt"] === news["expiresAt"] ? [] : expired(news, Date.now())),
        ...(await checkImage(news, olds)),
      ].filter(({ property }) => !wrong.has(property));
      return { inputs, failures: [...failures, ...circumstances] };
    },

    diff: machineDiff,

    create: (inputs, context) => bringUp(inputs, context, (_id, ref) => resolveImage(ref)),

    async update(_id, _olds, news, context) {
      return (await bringUp(news, context, imageFor)).properties;
    },

    async read(id, outputs, inputs) {
      const found = await inspectMachine(home, id);
      return found && { outputs: { ...outputs, ...outputsOf(inputs, found) }, inputs };
    },

    async delete(id, _outputs, context) {
      await removeMachine(home, id, {
        log: (line) => {
          context.log("warning", line);
        },
      }).catch((error: unknown) => {
        throw new Error(`machine "${id}" could not be removed: ${messageOf(error)}`, { cause: error });
      });
    },
  };
}

function tagOf(inputs: Properties, name: string): unknown {
  const { tags } = inputs;
  return typeof tags === "object" && tags !== null ? (tags as Properties)[name] : undefined;
}
