import type { Stack } from "@pulumi/pulumi/automation";
import { messageOf } from "../lib/errors";
import type { CliContext } from "./context";
import { removeConfiguration, type Engine, openStack } from "./workspace";
import { releaseDeadLocks } from "./engine-locks";

/** What the engine says when another process is at work on the stack, or one that was killed has been. */
export const isLocked = (error: unknown): boolean => /currently locked by/.test(messageOf(error));

/** Removes everything of a stack, and the stack. */
export async function destroyStack(context: CliContext, stack: Stack): Promise<void> {
  await stack.destroy({ remove: true });
  removeConfiguration(context.root, stack.name);
}

/**
 * Removes a stack whose command was killed: its lock, its resources, and the stack.
 * @returns false: there is no such stack
 */
export async function destroyAbandoned(context: CliContext, engine: Engine, name: string): Promise<boolean> {
  let stack: Stack;
  try {
    stack = await openStack(context, engine, name, "select");
  } catch (error) {
    if (!/no stack named/.test(messageOf(error))) throw error;
    removeConfiguration(context.root, name);
    return false;
  }
  await releaseDeadLocks(context, engine, stack);
  await destroyStack(context, stack);
  return true;
}
