import type { Stack } from "@pulumi/pulumi/automation";
import { loadFacets } from "../components/backends/registry";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { destroyAbandoned } from "./stack-life";
import { openStack, readConfiguration, writeConfiguration, type Engine } from "./workspace";

/** Whether a machine of the stack runs; one that was stopped is started again. */
async function hasMachine(settings: Settings): Promise<boolean> {
  const { inventory, power } = await loadFacets(settings.backend);
  const machine = (await inventory.list()).find(({ stack }) => stack === settings.stack.full);
  if (machine?.state === "stopped") await power.start(machine.id);
  return machine !== undefined && machine.state !== "half-made";
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
  if (known && !abandoned && (await hasMachine(settings))) {
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
