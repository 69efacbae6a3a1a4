import { z } from "zod";
import { ExitCode, messageOf, UserError } from "../lib/errors";
import type { SshTarget } from "../lib/ssh-target";
import type { CliContext } from "./context";
import { machinesNear, backendsOf } from "./stack-machines";
import { missingStack, ownBackendHash, readState, reveal, type StackState } from "./stack-state";
import type { Engine } from "./workspace";

/** The parts of `MachineOutputs` that are needed to log in, and the key. */
const accessSchema = z.object({
  machine: z.object({
    id: z.string(),
    address: z.string(),
    port: z.number(),
    user: z.string(),
    hostKey: z.string(),
    expiresAt: z.string(),
  }),
  privateKey: z.string(),
});

/** A machine, and how to get into it. */
export interface MachineAccess {
  readonly id: string;
  readonly expiresAt: string;
  readonly target: SshTarget;
}

/**
 * Pure: finds the machine of a stack in its state, with secrets in clear. The component says it as soon as the machine
 * is made; the outputs of the stack itself are missing when what came after failed.
 */
export function accessIn(state: StackState): MachineAccess | undefined {
  const component = state.resources.find(({ type }) => type === "kmvm:index:TestVm");
  const found = accessSchema.safeParse(reveal(component?.outputs));
  if (!found.success) return undefined;
  const { machine, privateKey } = found.data;
  const { id, expiresAt, address, port, user, hostKey } = machine;
  return { id, expiresAt, target: { address, port, user, hostKey, privateKey } };
}

/**
 * Access to the running machine of a stack.
 * @throws UserError when there is none, or it does not run
 */
export async function accessTo(context: CliContext, engine: Engine, stack: string): Promise<MachineAccess> {
  const missing = (why: string) =>
    new UserError(`there is no machine of stack ${stack}: ${why}`, "see `kmvm ls`", ExitCode.Usage);
  let state: StackState;
  try {
    state = await readState(context, engine, stack, "shown");
  } catch (error) {
    if (missingStack.test(messageOf(error))) throw missing("this checkout's state has no such stack");
    throw error;
  }
  const access = accessIn(state);
  if (!access) throw missing("the stack has not made one");
  const near = await machinesNear(await backendsOf(context, stack), stack);
  const machine = near.find(({ machine: { id } }) => id === access.id)?.machine;
  if (!machine) throw missing(`${access.id} is gone; it was to expire at ${access.expiresAt}`);
  if (machine.backendHash !== ownBackendHash(engine)) throw missing(`${access.id} belongs to another state`);
  if (machine.state !== "running")
    throw new UserError(
      `the machine of stack ${stack} is ${machine.state}`,
      machine.state === "stopped" ? `start it: kmvm vm start ${stack}` : `remove it: kmvm vm delete ${stack}`,
      ExitCode.Infrastructure,
    );
  // One that was started again may have another address than the state remembers.
  return { ...access, target: { ...access.target, address: machine.address ?? access.target.address } };
}
