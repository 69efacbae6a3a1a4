import { messageOf } from "../lib/errors";
import type { CliContext } from "./context";
import { machinesOf } from "./stack-machines";
import { missingStack, readState } from "./stack-state";
import type { Engine } from "./workspace";

async function knownIds(context: CliContext, engine: Engine, stack: string): Promise<readonly (string | undefined)[]> {
  try {
    return (await readState(context, engine, stack, "hidden")).resources.map(({ id }) => id);
  } catch (error) {
    if (missingStack.test(messageOf(error))) return [];
    throw error;
  }
}

/**
 * Removes the machines of a stack that its state does not know: the answer to the call that made them was lost, or the
 * engine was killed during it. To be done before the rest of the stack is removed, which may be in use by them. A backend
 * that does not answer is a warning: what the state knows is to be removed all the same.
 */
export async function removeUnknownMachines(context: CliContext, engine: Engine, stack: string): Promise<void> {
  try {
    const machines = await machinesOf(context, engine, stack);
    if (machines.length === 0) return;
    const known = await knownIds(context, engine, stack);
    for (const { facets, machine } of machines.filter(({ machine: { id } }) => !known.includes(id))) {
      await facets.destroyer.destroy(machine.id);
      context.terminal.step("removed", `machine ${machine.id}, which the stack's state did not know`);
    }
  } catch (error) {
    context.terminal.warn(messageOf(error));
  }
}
