import { ExitCode, messageOf, UserError } from "../lib/errors";
import type { CliContext } from "./context";
import { removeConfiguration, type Engine, openStack, type Stack } from "./workspace";
import { releaseDeadLocks } from "./engine-locks";
import { missingStack } from "./stack-state";
import { removeUnknownMachines } from "./unknown-machines";

/**
 * Removes what a stack has. A provider may refuse to remove what is gone: EC2 allows it by an instance's tags, and of one
 * that it has forgotten it knows none (github.com/aws/karpenter-provider-aws/issues/2100). So where that failed, it is
 * asked what is still there.
 * @throws what the second attempt failed with
 */
async function destroyAll(stack: Stack, options: { readonly remove?: boolean } = {}): Promise<void> {
  try {
    await stack.destroy(options);
  } catch {
    await stack.destroy({ ...options, refresh: true });
  }
}

/** Removes everything of a stack, and the stack. */
export async function destroyStack(context: CliContext, stack: Stack): Promise<void> {
  await destroyAll(stack, { remove: true });
  removeConfiguration(context.root, stack.name);
}

/** The same for one that may not have been made as its state says. */
export async function destroyHalfMade(context: CliContext, engine: Engine, stack: Stack): Promise<void> {
  await removeUnknownMachines(context, engine, stack.name);
  await destroyStack(context, stack);
}

/**
 * A stack of which nothing is there, made where there is none; what is left of an earlier one is removed, but not its
 * configuration, which somebody may have written by hand.
 */
export async function emptyStack(context: CliContext, engine: Engine, name: string): Promise<Stack> {
  releaseDeadLocks(context, engine, name);
  const stack = await openStack(context, engine, name, "create");
  await removing(name, async () => {
    await removeUnknownMachines(context, engine, name);
    await destroyAll(stack);
  });
  return stack;
}

/** What to do where a stack could not be removed. */
export const removeByHand = "this shows what is left, and removes it: kmvm gc --yes --now";

/** @throws UserError when something of the stack is left: an engine or a provider that refuses is no bug of ours */
async function removing(stack: string, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${stack} could not be removed: ${messageOf(error)}`, removeByHand, ExitCode.NotCleanedUp);
  }
}

/** What a command came to. */
export interface Outcome {
  readonly code: ExitCode;
  /** Something is left that should not be: the lease stays, by which `kmvm gc` and the next command know. */
  readonly left?: true;
}

/** Whether what a command failed with leaves something: what a user can mend is found before anything is made. */
export const leavesSomething = (error: unknown): boolean =>
  !(error instanceof UserError) || error.exitCode === ExitCode.NotCleanedUp;

/**
 * Removes at the end of a command, and says so, or that it failed.
 * @param code what the command itself came to, which a failure here must not hide
 */
export async function removeAtEnd(
  { terminal }: CliContext,
  code: ExitCode,
  remove: () => Promise<void>,
): Promise<Outcome> {
  const started = Date.now();
  try {
    await remove();
  } catch (error) {
    terminal.warn(`could not be removed: ${messageOf(error)}\n${removeByHand}`);
    return { code: code === ExitCode.Pass ? ExitCode.NotCleanedUp : code, left: true };
  }
  terminal.step("removed", `everything, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { code };
}

/**
 * Removes a stack whose command was killed: its lock, its resources, and the stack.
 * @returns false: there is no such stack
 */
export async function destroyAbandoned(context: CliContext, engine: Engine, name: string): Promise<boolean> {
  releaseDeadLocks(context, engine, name);
  let stack: Stack;
  try {
    stack = await openStack(context, engine, name, "select");
  } catch (error) {
    if (!missingStack.test(messageOf(error))) throw error;
    removeConfiguration(context.root, name);
    return false;
  }
  await removing(name, () => destroyHalfMade(context, engine, stack));
  return true;
}
