import { accessTo, type MachineAccess } from "./machine-access";
import { openContext, type CliContext } from "./context";
import { matchStack } from "./find-stack";
import { machinesToMatch } from "./stack-machines";
import { listStacks } from "./stack-state";
import { openEngine, type Engine } from "./workspace";

/** --help of every verb that names a stack. */
export const stackHelp = "stack's or machine's name, or the beginning of one";

/** What a person named, with the engine to work on it. */
export interface NamedStack {
  readonly context: CliContext;
  readonly engine: Engine;
  readonly stack: string;
}

/** @throws UserError when it is none or not only one */
export async function openNamedStack(given: string): Promise<NamedStack> {
  const context = openContext();
  const engine = openEngine(context);
  const machines = (await machinesToMatch(context, given)).map(({ machine }) => machine);
  // The whole name needs no question to the engine.
  if (machines.some(({ stack }) => stack === given)) return { context, engine, stack: given };
  return { context, engine, stack: matchStack(given, await listStacks(context, engine), machines) };
}

export async function openNamedMachine(given: string): Promise<NamedStack & { access: MachineAccess }> {
  const named = await openNamedStack(given);
  return { ...named, access: await accessTo(named.context, named.engine, named.stack) };
}
