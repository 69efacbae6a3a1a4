import { ExitCode, messageOf, UserError } from "../lib/errors";
import { isHeld, readLease, withLease, type LeasedWork } from "./lease";
import { accessTo } from "./machine-access";
import type { NamedStack } from "./stack-argument";
import { destroyAbandoned, removeByHand } from "./stack-life";
import { machinesOf, backendsOf, type FoundMachine } from "./stack-machines";
import { waitUntilReady } from "./machine-ready";

async function machineOf(named: NamedStack): Promise<FoundMachine> {
  const [found] = await machinesOf(named.context, named.engine, named.stack);
  if (found) return found;
  throw new UserError(`there is no machine of stack ${named.stack}`, "see `kmvm ls`");
}

/** Verbs that work on a machine, and how a lease sees them. */
const verbs = {
  start: { repeatable: true },
  stop: { repeatable: true },
  reset: { repeatable: true },
  delete: {},
} as const satisfies Record<string, Partial<LeasedWork>>;

const leased = <T>({ context, stack }: NamedStack, verb: keyof typeof verbs, act: () => Promise<T>): Promise<T> =>
  withLease(context.root, stack, { command: `kmvm vm ${verb} ${stack}`, ...verbs[verb] }, act);

/** A stack that a killed command left must be removed, not taken for whole. */
function refuseAbandoned({ context, stack }: NamedStack): void {
  const lease = readLease(context.root, stack);
  if (lease && !isHeld(lease) && !lease.repeatable)
    throw new UserError(
      `stack ${stack} was left half done by \`${lease.command}\`, process ${lease.pid}, which was killed`,
      `remove it: kmvm vm delete ${stack}`,
      ExitCode.Infrastructure,
    );
}

const bootSeconds = 300;

export async function vmStart(named: NamedStack): Promise<void> {
  const { context, engine, stack } = named;
  refuseAbandoned(named);
  const { facets, machine } = await machineOf(named);
  await leased(named, "start", async () => {
    if (machine.state === "running") context.terminal.step("running", `${machine.id} runs already`);
    else await facets.power.start(machine.id);
    const { target } = await accessTo(context, engine, stack);
    context.terminal.status("waiting for ssh");
    await waitUntilReady(stack, target, bootSeconds);
    context.terminal.step("ready", `${machine.id} at ${target.address}:${target.port}`);
  });
}

export async function vmStop(named: NamedStack): Promise<void> {
  const { terminal } = named.context;
  refuseAbandoned(named);
  const { facets, machine } = await machineOf(named);
  await leased(named, "stop", async () => {
    if (machine.state !== "running") {
      terminal.step(machine.state, `${machine.id} does not run`);
      return;
    }
    terminal.status(`${machine.id} shuts down`);
    await facets.power.stop(machine.id);
    terminal.step("stopped", `${machine.id}; its disk is kept until ${machine.expiresAt}`);
  });
}

export async function vmReset(named: NamedStack): Promise<void> {
  const { context, engine, stack } = named;
  refuseAbandoned(named);
  const { facets, machine } = await machineOf(named);
  await leased(named, "reset", async () => {
    const started = Date.now();
    context.terminal.status(`${machine.id} is reset`);
    await facets.power.reset(machine.id, (line) => {
      context.terminal.step("machine", line);
    });
    const { target } = await accessTo(context, engine, stack);
    context.terminal.status("waiting for ssh");
    await waitUntilReady(stack, target, bootSeconds);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    context.terminal.step("reset", `${machine.id} is as new at ${target.address}:${target.port}, in ${seconds} s`);
  });
}

/** Removes a stack and every machine of it, whatever state they are in. Succeeds when there is nothing. */
export async function vmDelete(named: NamedStack): Promise<ExitCode> {
  const { context, engine, stack } = named;
  return leased(named, "delete", async () => {
    // Before the stack's own settings, which may be the only ones that say where its machine is, go with it.
    const opened = await backendsOf(context, stack);
    const existed = await destroyAbandoned(context, engine, stack);
    // What no state knows, after a kill in the middle of making it.
    const left = await machinesOf(context, engine, stack, opened);
    const failures: string[] = [];
    for (const { facets, machine } of left)
      try {
        await facets.destroyer.destroy(machine.id);
      } catch (error) {
        failures.push(messageOf(error));
      }
    for (const failure of failures) context.terminal.warn(failure);
    if (failures.length > 0)
      throw new UserError(`machines of ${stack} are still there`, removeByHand, ExitCode.NotCleanedUp);
    context.terminal.step("removed", existed || left.length > 0 ? stack : `there is nothing of ${stack}`);
    return ExitCode.Pass;
  });
}
