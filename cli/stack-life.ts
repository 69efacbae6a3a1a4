import type { Stack } from "@pulumi/pulumi/automation";
import { messageOf } from "../lib/errors";
import type { CliContext } from "./context";
import { removeConfiguration, type Engine, openStack } from "./workspace";
import { releaseDeadLocks } from "./engine-locks";
import { removeUnknownMachines } from "./unknown-machines";

/** Removes everything of a stack, and the stack. */
export async function destroyStack(context: CliContext, stack: Stack): Promise<void> {
  await stack.destroy({ remove: true });
  removeConfiguration(context.root, stack.name);
}

/** The same for one that may not have been made as its state says. */
export async function destroyHalfMade(context: CliContext, engine: Engine, stack: Stack): Promise<void> {
  await removeUnknownMachines(context, engine, stack.name);
  await destroyStack(context, stack);
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
    if (!/no stack named/.test(messageOf(error))) throw error;
    removeConfiguration(context.root, name);
    return false;
  }
  await destroyHalfMade(context, engine, stack);
  return true;
}
