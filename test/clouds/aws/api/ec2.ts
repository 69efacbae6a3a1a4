import { injectNmi } from "../../../../provider/qemu/diagnostics";
import { consoleText } from "../../lib/machine/control";
import { refuseBadTags, type Account, type Tags } from "../account";
import { ApiError } from "../api-error";
import { images, importTasks, snapshots, type Image, type ImportTask, type Snapshot } from "../image-model";
import {
  folderOf,
  instances,
  networkInterfaces,
  volumes,
  type Instance,
  type NetworkInterface,
  type Volume,
} from "../instance-model";
import { startInstance, stopInstance, terminateInstance } from "../instance-power";
import { launchTemplates } from "../launch-template";
import { deleteSecurityGroup } from "../security-group";
import { deleteSnapshot } from "../snapshot-import";
import { describe, isDescription, stateOf } from "./describe";
import type { Query, Value } from "./wire";

type Action = (account: Account, query: Query) => Value | Promise<Value>;

const done: Value = { return: true };

function required(query: Query, name: string): string {
  const value = query.text(name);
  if (value === undefined) throw new ApiError("MissingParameter", `The request must contain the parameter ${name}`);
  return value;
}

function tagsIn(query: Query): Tags {
  const keys = query.indexed("Tag", "Key");
  const values = query.indexed("Tag", "Value");
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? ""]));
}

/**
 * An action on instances that is begun before it is answered and goes on after it, as on EC2.
 * @param begin ends when it is over
 */
function onInstances(begin: (account: Account, id: string) => Promise<void>): Action {
  return async (account, query) => {
    const ids = query.list("InstanceId");
    const states = ids.map((id) => {
      const instance = account.store.get<Instance>(instances, id);
      if (!instance) throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
      return instance.state;
    });
    // Refused at once, or under way: the first thing that is done is the change of its state.
    const first = await Promise.all(
      ids.map((id, index) =>
        Promise.race([
          begin(account, id).then(
            () => undefined,
            (error: unknown) => error,
          ),
          changed(account, id, states[index]),
        ]),
      ),
    );
    const refusal = first.find((error) => error instanceof Error);
    if (refusal) throw refusal;
    return {
      instancesSet: ids.map((id, index) => ({
        instanceId: id,
        currentState: stateOf(account.store.get<Instance>(instances, id)?.state ?? "terminated"),
        previousState: stateOf(states[index] ?? "running"),
      })),
    };
  };
}

async function changed({ store }: Account, id: string, from: Instance["state"] | undefined): Promise<undefined> {
  for (let waited = 0; waited < 200 && store.get<Instance>(instances, id)?.state === from; waited++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return undefined;
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html: the last 64 KB, base64 */
const consoleOutput: Action = (account, query) => {
  const id = required(query, "InstanceId");
  if (!account.store.get<Instance>(instances, id))
    throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  const text = consoleText(folderOf(account, id)).subarray(-65536);
  return { instanceId: id, timestamp: new Date().toISOString(), output: text.toString("base64") };
};

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SendDiagnosticInterrupt.html: a running instance gets an NMI */
const diagnosticInterrupt: Action = async (account, query) => {
  const id = required(query, "InstanceId");
  const instance = account.store.get<Instance>(instances, id);
  if (!instance) throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  if (instance.state !== "running")
    throw new ApiError(
      "IncorrectInstanceState",
      `The instance '${id}' is not in a state from which it can be interrupted`,
    );
  await injectNmi(folderOf(account, id));
  return done;
};

const actions: Readonly<Record<string, Action>> = {
  GetConsoleOutput: consoleOutput,
  SendDiagnosticInterrupt: diagnosticInterrupt,
  StartInstances: onInstances(startInstance),
  StopInstances: onInstances(stopInstance),
  TerminateInstances: onInstances((account, id) =>
    terminateInstance(account, id, "Client.UserInitiatedShutdown: User initiated shutdown"),
  ),
  DeleteVolume: ({ store }, query) => {
    const id = required(query, "VolumeId");
    const volume = store.get<Volume>(volumes, id);
    if (!volume) throw new ApiError("InvalidVolume.NotFound", `The volume '${id}' does not exist.`);
    if (volume.instanceId !== undefined)
      throw new ApiError("VolumeInUse", `Volume ${id} is currently attached to ${volume.instanceId}`);
    store.remove(volumes, id);
    return done;
  },
  DeleteNetworkInterface: ({ store }, query) => {
    const id = required(query, "NetworkInterfaceId");
    const card = store.get<NetworkInterface>(networkInterfaces, id);
    if (!card)
      throw new ApiError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
    if (card.instanceId !== undefined)
      throw new ApiError("InvalidNetworkInterface.InUse", `Network interface '${id}' is currently in use.`);
    store.remove(networkInterfaces, id);
    return done;
  },
  DeleteLaunchTemplate: ({ store }, query) => {
    const id = required(query, "LaunchTemplateId");
    if (!store.get(launchTemplates, id))
      throw new ApiError(
        "InvalidLaunchTemplateId.NotFound",
        `The specified launch template, with template ID ${id}, does not exist.`,
      );
    store.remove(launchTemplates, id);
    return done;
  },
  DeleteSecurityGroup: (account, query) => {
    deleteSecurityGroup(account, required(query, "GroupId"));
    return done;
  },
  DeregisterImage: ({ store }, query) => {
    const id = required(query, "ImageId");
    if (!store.get(images, id)) throw new ApiError("InvalidAMIID.NotFound", `The image id '[${id}]' does not exist`);
    store.remove(images, id);
    return done;
  },
  /** Of images and snapshots only: what else is tagged is tagged as it is made. */
  CreateTags: ({ store }, query) => {
    const given = Object.fromEntries(query.list("ResourceId").map((id) => [id, tagsIn(query)]));
    for (const [id, tags] of Object.entries(given)) {
      refuseBadTags(tags);
      const [kind, known] = id.startsWith("ami-")
        ? [images, store.get<Image>(images, id)]
        : [snapshots, store.get<Snapshot>(snapshots, id)];
      if (!known) throw new ApiError("InvalidID", `The ID '${id}' is not valid`);
      store.put(kind, { ...known, tags: { ...known.tags, ...tags } } as Image | Snapshot);
    }
    return done;
  },
  /** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelImportTask.html only one that is active */
  CancelImportTask: ({ store }, query) => {
    const id = required(query, "ImportTaskId");
    const task = store.get<ImportTask>(importTasks, id);
    if (task?.state !== "active")
      throw new ApiError("InvalidConversionTaskId", `The conversion task ${id} does not exist or is not active`);
    store.put(importTasks, { ...task, state: "deleted" } as ImportTask);
    return { importTaskId: id, previousState: "active", state: "deleted" };
  },
  DeleteSnapshot: (account, query) => {
    deleteSnapshot(account, required(query, "SnapshotId"));
    return done;
  },
};

/** Actions of which only the dry run is played: the plugin makes what they make. */
const dryOnly = new Set([
  "RunInstances",
  "CreateSecurityGroup",
  "CreateLaunchTemplate",
  "AuthorizeSecurityGroupIngress",
  "AuthorizeSecurityGroupEgress",
  "RegisterImage",
  "ImportSnapshot",
  "RevokeSecurityGroupEgress",
]);

/** @throws ApiError */
export function ec2(account: Account, action: string, query: Query): Value | Promise<Value> {
  const known = isDescription(action) || action in actions || dryOnly.has(action);
  if (!known) throw new ApiError("InvalidAction", `The action ${action} is not valid for this web service.`);
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html DryRun
  if (query.text("DryRun") === "true")
    throw new ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
  if (isDescription(action)) return describe(account, action, query);
  const act = actions[action];
  if (!act) throw new Error(`the rehearsal plays only the dry run of ${action}`);
  return act(account, query);
}
