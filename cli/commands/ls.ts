import { Command } from "commander";
import { messageOf } from "../../lib/errors";
import { openContext, type CliContext } from "../context";
import { isHeld, readLease } from "../lease";
import { machineLines, ownershipOf, type ListedMachine } from "../machine-rows";
import { allMachines, type FoundMachine } from "../stack-machines";
import { listStacks, ownBackendHash, readState } from "../stack-state";
import { openEngine, type Engine } from "../workspace";

/** Ids of all resources of the stacks that our machines name. */
async function owners(context: CliContext, engine: Engine, found: readonly FoundMachine[]): Promise<Set<string>> {
  const existing = await listStacks(context, engine);
  const named = new Set(found.map(({ machine }) => machine.stack));
  const states = await Promise.all(
    existing.filter((stack) => named.has(stack)).map((stack) => readState(context, engine, stack, "hidden")),
  );
  return new Set(states.flatMap(({ resources }) => resources.flatMap(({ id }) => id ?? [])));
}

async function listed(context: CliContext): Promise<ListedMachine[]> {
  const found = await allMachines(context);
  if (found.length === 0) return [];
  let hash = "";
  let known: Set<string> | undefined;
  try {
    const engine = openEngine(context);
    hash = ownBackendHash(engine);
    known = await owners(context, engine, found);
  } catch (error) {
    context.terminal.warn(`whose they are cannot be told: ${messageOf(error)}`);
  }
  return found.map(({ backend, machine }) => {
    const lease = readLease(context.root, machine.stack);
    const busy = lease !== undefined && isHeld(lease);
    return { ...machine, backend, ownership: ownershipOf(machine, hash, known, busy) };
  });
}

export function lsCommand(): Command {
  return new Command("ls")
    .summary("list machines")
    .description(
      "Lists the machines of all backends, whoever made them.\n" +
        "An orphan is one of this checkout's that no stack of it owns: kmvm gc removes it.",
    )
    .option("--json", "print them as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const context = openContext();
      const machines = await listed(context);
      if (json) context.terminal.print(JSON.stringify(machines, undefined, 2));
      else if (machines.length === 0) context.terminal.line("there are no machines");
      else for (const line of machineLines(machines, Date.now())) context.terminal.print(line);
    });
}
