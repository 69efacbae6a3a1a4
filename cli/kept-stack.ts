import type { Stack } from "@pulumi/pulumi/automation";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { destroyAbandoned } from "./stack-life";
import { wakeMachine } from "./stack-machines";
import { openStack, readConfiguration, writeConfiguration, type Engine } from "./workspace";

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
  if (known && !abandoned && (await wakeMachine(engine, name))) {
    context.terminal.step("machine", "kept from an earlier run: used again");
    writeConfiguration(context.root, name, { ...configuration, attempt: Number(existing["attempt"] ?? 1) + 1 });
    return openStack(context, engine, name, "select");
  }
  if (known || abandoned) {
    context.terminal.step(
      "stack",
      abandoned ? "left by a command that was killed: removed" : "its machine is gone: made anew",
    );
    await destroyAbandoned(context, engine, name);
  }
  writeConfiguration(context.root, name, { ...configuration, attempt: 1 });
  return openStack(context, engine, name, "create");
}
