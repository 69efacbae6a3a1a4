import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { retryUntil } from "../../../lib/retry";
import { testUnless } from "../../support/needs";
import { missingForKmvm } from "../../support/own-checkout";
import { faultKinds, faultsHit, scriptFaults, type FaultKind } from "../lib/faults";
import type { CloudCheckout } from "./cloud-checkout";
import { FaultTable } from "./fault-table";
import { missingForRehearsal } from "./needs";

/** Faults while a machine of a cloud is made. */
export interface FaultFacts<Cloud extends CloudCheckout> {
  /** For a person: `AWS`. */
  readonly name: string;
  open(): Promise<Cloud>;
  /** Everything that a machine has, by the tokens of the provider. */
  readonly types: readonly string[];
  /** The one of these that capacity and quota are asked of. */
  readonly machine: string;
  /** Those that are found by gc alone when the answer to their making was lost. */
  readonly onlyForGc: readonly string[];
}

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;
const onlyMachines: readonly FaultKind[] = ["capacity", "quota"];

/** Kinds in which the engine is killed, with everything of ours that runs. */
const isKill = (kind: FaultKind): boolean => kind.startsWith("stuck");
/** Kinds after which something is there that no state knows. */
const isUnknown = (kind: FaultKind): boolean => kind === "lost" || kind === "stuck-after";

/** One test a cell: the fault is met, and after destroy and gc nothing is left. */
export function describeFaults<Cloud extends CloudCheckout>(facts: FaultFacts<Cloud>): void {
  const { name, types, machine, onlyForGc } = facts;
  const cells = types.flatMap((type) =>
    faultKinds.filter((kind) => type === machine || !onlyMachines.includes(kind)).map((kind) => [type, kind] as const),
  );
  const table = new FaultTable(faultKinds);
  let cloud: Cloud;

  beforeAll(async () => {
    if (missing !== undefined) return;
    cloud = await facts.open();
    cloud.store.put("policy", { id: "no-machines" });
  }, limit);

  afterAll(async () => {
    if (missing !== undefined) return;
    process.stderr.write(
      `\nFaults while a machine on ${name} is made; what is left after destroy and gc:\n\n${table.text()}\n\n`,
    );
    await cloud.close();
  }, limit);

  /** Makes a machine that meets the fault. @returns what was said, and the exit code: null where it was killed */
  async function meet(type: string, kind: FaultKind, id: string): Promise<{ code: number | null; text: string }> {
    // More than one of a kind may be made: only the first one meets it. What could be tried elsewhere fails there, too.
    scriptFaults(cloud.store, [{ at: `create ${type}`, kind, times: onlyMachines.includes(kind) ? 100 : 1 }]);
    const running = cloud.checkout.start(["vm", "up", "--id", id, "--backend", cloud.backend]);
    if (isKill(kind)) {
      await retryUntil({
        what: `${kind} at ${type}`,
        timeoutMs: 60_000,
        attempt: () => (faultsHit(cloud.store).length > 0 ? true : undefined),
      });
      running.signal("SIGKILL");
    }
    const { code, stdout, stderr } = await running.ended;
    return { code, text: stdout + stderr };
  }

  describe(`a fault while a machine on ${name} is made`, () => {
    for (const [index, [type, kind]] of cells.entries())
      testUnless(missing)(
        `${type}: ${kind}: nothing is left after destroy and gc`,
        async () => {
          const id = `f${index}`;
          const row = type.split(":").at(-1) ?? type;
          table.set(row, kind, "not as it should be");
          const met = await meet(type, kind, id);
          const said = [`vm up: ${met.code}`, met.text];
          expect({ hit: faultsHit(cloud.store).length > 0, said }).toMatchObject({ hit: true });
          // A fault is no success, and no fault of the user's.
          if (!isKill(kind)) expect({ code: met.code, said }).toMatchObject({ code: 3 });
          const clean = async (...command: string[]): Promise<void> => {
            const { code, stdout, stderr } = await cloud.checkout.kmvm(...command);
            said.push(`${command.join(" ")}: ${code}`, stdout, stderr);
          };
          await clean("vm", "delete", `vm-dev-${id}`);
          const forGc = cloud.difference().length;
          await clean("gc", "--yes", "--now");
          const left = [...cloud.difference(), ...cloud.checkout.leftovers(), ...cloud.problems()];
          if (left.length > 0) {
            // The next cell begins without it.
            await clean("gc", "--yes", "--now");
            await clean("vm", "delete", `vm-dev-${id}`);
            throw new Error(["left:", ...left, ...said].join("\n"));
          }
          // What no state knows and nothing of ours lists as a machine, destroy alone cannot remove.
          if (isUnknown(kind) && onlyForGc.includes(type)) expect({ forGc, said }).not.toMatchObject({ forGc: 0 });
          table.set(row, kind, forGc === 0 ? "nothing" : `nothing (gc: ${forGc})`);
        },
        limit,
      );
  });
}
