import type { Facets, MachineSummary } from "../../../components/backends/facets";
import { UserError } from "../../../lib/errors";
import type { MemorySettings } from "./settings";

/** What there is, as a provider would keep it. */
const machines = new Map<string, MachineSummary>();

export const putMachine = (machine: MachineSummary) => machines.set(machine.id, machine);

function setState(id: string, state: MachineSummary["state"]): Promise<void> {
  const machine = machines.get(id);
  if (!machine) throw new UserError(`there is no machine ${id}`, "see `kmvm ls`");
  machines.set(id, { ...machine, state });
  return Promise.resolve();
}

/** The verbs' powers over the machines in memory. */
export function memoryFacets({ rooms }: MemorySettings): Facets {
  const region = "here";
  return {
    inventory: { list: () => Promise.resolve([...machines.values()]) },
    power: {
      start: (id) => setState(id, "running"),
      stop: (id) => setState(id, "stopped"),
      reset: (id) => setState(id, "running"),
    },
    console: { text: (id) => Promise.resolve(machines.has(id) ? `${id} boots\n` : "") },
    destroyer: {
      destroy(id) {
        machines.delete(id);
        return Promise.resolve();
      },
    },
    leftovers: { list: () => Promise.resolve([]), remove: () => Promise.resolve() },
    quota: {
      figures: () =>
        Promise.resolve([{ name: "rooms", region, unit: "room", used: machines.size, limit: rooms, needed: 1 }]),
    },
  };
}
