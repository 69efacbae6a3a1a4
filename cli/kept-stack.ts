import { isAlwaysThere } from "../components/backends/load";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { ExitCode, messageOf, UserError } from "../lib/errors";
import { releaseDeadLocks } from "./engine-locks";
import { emptyStack } from "./stack-life";
import { accessIn } from "./machine-access";
import { ensureRunning, wholeMachineOf, type FoundMachine } from "./stack-machines";
import { missingStack, readState } from "./stack-state";
import { openStack, readConfiguration, writeConfiguration, type Engine, type Stack } from "./workspace";

/** Why there is something of a stack that a new one must not be built on. */
type Remains = "abandoned" | "machine gone" | undefined;

const removal: Record<Exclude<Remains, undefined>, string> = {
  abandoned: "left by a command that was killed: removed",
  "machine gone": "it has no machine: made anew",
};

/**
 * What remains of a stack whose machine is not there. One that was only made and configured, by `pulumi config set`, is
 * as good as new: its configuration is what the user wants.
 * @param abandoned a command that was killed left the stack behind, in whatever state
 */
export async function remainsOf(
  context: CliContext,
  engine: Engine,
  name: string,
  abandoned: boolean,
): Promise<Remains> {
  if (abandoned) return "abandoned";
  if (Object.keys(readConfiguration(context.root, name)).length === 0) return undefined;
  try {
    const { resources, pending } = await readState(context, engine, name, "hidden");
    return resources.length + pending.length === 0 ? undefined : "machine gone";
  } catch (error) {
    if (missingStack.test(messageOf(error))) return undefined;
    throw error;
  }
}

/** A stack of which nothing is there yet; what remains of an earlier one is removed, but its configuration stays. */
export async function freshStack(
  context: CliContext,
  engine: Engine,
  name: string,
  configuration: Record<string, unknown>,
  remains: Remains,
): Promise<Stack> {
  if (remains) {
    context.terminal.step("stack", removal[remains]);
    const stack = await emptyStack(context, engine, name);
    writeConfiguration(context.root, name, configuration);
    return stack;
  }
  // Also of a bare engine that was killed while it made the stack, which has no lease.
  releaseDeadLocks(context, engine, name);
  writeConfiguration(context.root, name, configuration);
  return openStack(context, engine, name, "create");
}

/** Whether a machine has another address than the state of its stack says: it was started again since. */
async function hasMoved(context: CliContext, engine: Engine, stack: string, found: FoundMachine): Promise<boolean> {
  // It keeps its address here, and what the state says takes a process to ask for.
  if (isAlwaysThere(found.backend)) return false;
  const access = accessIn(await readState(context, engine, stack, "shown"));
  return access !== undefined && access.target.address !== found.machine.address;
}

/**
 * What flags ask of a machine that is there. Where no spot machine was to be had for it, it is not made anew because they
 * ask for one again. Pure.
 */
export function askedOfKept(
  existing: Readonly<Record<string, unknown>>,
  configuration: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { spot, ...others } = configuration;
  return String(spot) === "true" && String(existing["spot"]) === "false" ? others : { ...configuration };
}

/**
 * Reads anew where a machine is that has another address.
 * @throws UserError when that fails: a cloud that does not answer is no bug of ours
 */
async function findAgain(stack: Stack): Promise<void> {
  try {
    await stack.refresh({ suppressOutputs: true });
  } catch (error) {
    throw new UserError(
      `where the machine is now could not be read: ${messageOf(error)}`,
      `try again, or remove it with: kmvm vm delete ${stack.name}`,
      ExitCode.Infrastructure,
    );
  }
}

/**
 * Brings a stack to where an update of it runs the tests: in the machine that was kept, or in a fresh one.
 * @param abandoned a command that was killed left the stack behind, in whatever state
 */
export async function prepareStack(
  context: CliContext,
  engine: Engine,
  settings: Settings,
  configuration: Record<string, unknown>,
  abandoned: boolean,
): Promise<Stack> {
  const name = settings.stack.full;
  const existing = readConfiguration(context.root, name);
  const known = Object.keys(existing).length > 0;
  const found = known && !abandoned ? await wholeMachineOf(context, engine, name) : undefined;
  if (found) {
    const started = await ensureRunning(found);
    const attempt = typeof existing["attempt"] === "string" ? Number(existing["attempt"]) : 1;
    context.terminal.step("machine", "kept from an earlier run: used again");
    writeConfiguration(context.root, name, { ...askedOfKept(existing, configuration), attempt: attempt + 1 });
    const stack = await openStack(context, engine, name, "select");
    if (started || (await hasMoved(context, engine, name, found))) await findAgain(stack);
    return stack;
  }
  const remains = await remainsOf(context, engine, name, abandoned);
  return freshStack(context, engine, name, { ...configuration, attempt: 1 }, remains);
}
