import type { MachineSummary } from "../components/backends/facets";
import { isAlwaysThere } from "../components/backends/load";
import type { BackendName } from "../components/backends/registry";
import { shortTime, table } from "./table";

/** What the own states say of a machine. */
export type Ownership = "owned" | "orphan" | "another state's" | "unknown";

export interface ListedMachine extends MachineSummary {
  readonly backend: BackendName;
  readonly ownership: Ownership;
}

/**
 * Pure: who owns a machine. Only one that carries the hash of our own state can be called an orphan.
 * @param owners ids of everything that our stacks list; undefined where the state could not be asked
 * @param busy whether a command is at work on the machine's stack, so that the state does not know it yet
 */
export function ownershipOf(
  machine: MachineSummary,
  hash: string,
  owners: ReadonlySet<string> | undefined,
  busy: boolean,
): Ownership {
  if (!owners) return "unknown";
  if (machine.backendHash !== hash) return "another state's";
  return busy || owners.has(machine.id) ? "owned" : "orphan";
}

const notes: Record<Ownership, string> = {
  owned: "",
  orphan: "orphan",
  "another state's": "of another state",
  unknown: "",
};

/** Pure: the lines of `kmvm ls`. */
export function machineLines(machines: readonly ListedMachine[], now: number): string[] {
  // Where all are on this host, nobody wants to know.
  const elsewhere = !machines.every(({ backend }) => isAlwaysThere(backend));
  const heading = ["STACK", "BACKEND", "STATE", "IMAGE", "ADDRESS", "AGE", "EXPIRES IN", "OWNER", "NOTE"];
  const rows = machines.map((machine) => {
    const left = Date.parse(machine.expiresAt) - now;
    return [
      machine.stack,
      elsewhere ? machine.backend : "",
      machine.state,
      machine.imageVersion ?? "",
      machine.address ?? "",
      shortTime(now - Date.parse(machine.createdAt)),
      left > 0 ? shortTime(left) : "expired",
      machine.owner,
      notes[machine.ownership],
    ];
  });
  return table([heading, ...rows]);
}
