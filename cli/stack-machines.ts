import type { Facets, MachineSummary } from "../components/backends/backend";
import { loadFacets } from "../components/backends/registry";
import { backends, type BackendName } from "../stacks/settings";
import { ownBackendHash } from "./stack-state";
import type { Engine } from "./workspace";

/** A machine, and the powers over it. */
export interface FoundMachine {
  readonly backend: BackendName;
  readonly facets: Facets;
  readonly machine: MachineSummary;
}

/** Every machine of every backend. */
export async function allMachines(): Promise<FoundMachine[]> {
  const found = await Promise.all(
    backends.map(async (backend) => {
      const facets = await loadFacets(backend);
      return (await facets.inventory.list()).map((machine) => ({ backend, facets, machine }));
    }),
  );
  return found.flat();
}

/**
 * The machines of a stack of our own state. One that carries no hash was made where the state's URL was not told: its
 * stack's name must do.
 */
export async function machinesOf(engine: Engine, stack: string): Promise<FoundMachine[]> {
  const hashes = [ownBackendHash(engine), ""];
  return (await allMachines()).filter(({ machine }) => machine.stack === stack && hashes.includes(machine.backendHash));
}

/** Whether a whole machine of the stack is there; one that was stopped is started again. */
export async function wakeMachine(engine: Engine, stack: string): Promise<boolean> {
  const [found] = await machinesOf(engine, stack);
  if (!found || found.machine.state === "half-made") return false;
  if (found.machine.state === "stopped") await found.facets.power.start(found.machine.id);
  return true;
}
