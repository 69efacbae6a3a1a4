import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { changeRecipe, giveVersion, smallDisk } from "../../support/given-image";
import { testUnless } from "../../support/needs";
import { missingForKmvm, type Ended } from "../../support/own-checkout";
import { faultKinds, faultsHit, scriptFaults, type FaultKind } from "../lib/faults";
import { FaultTable } from "./fault-table";
import { imageName } from "./local-image";
import { missingForRehearsal } from "./needs";
import { watchPromoted, type PublishingCheckout, type PublishingFacts } from "./published-images";

/** A step of publishing, and what can go wrong with it. */
export interface PublishingStep {
  /** Row of the table. */
  readonly name: string;
  /** As `Fault.at`. */
  readonly at: string;
  readonly kinds: readonly FaultKind[];
  /** How often it goes wrong. @default 1 */
  readonly times?: number;
  /** Whether it is a call of ours, which is tried again, and not one of the engine's provider. @default false */
  readonly retried?: true;
  /** Whether what it makes is known to nobody but gc when the answer is lost. @default false */
  readonly onlyForGc?: true;
}

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;
const isKill = (kind: FaultKind): boolean => kind.startsWith("stuck");

/** Kinds after which something is there that no state knows. */
const isUnknown = (kind: FaultKind): boolean => kind === "lost" || kind === "stuck-after";

type Order = "gc first" | "published again first";
/** Both where something is there that no state knows: gc takes it away, or the next attempt meets it. */
const ordersOf = (kind: FaultKind, index: number): readonly Order[] => {
  const orders: readonly Order[] = ["gc first", "published again first"];
  return isUnknown(kind) ? orders : orders.slice(index % 2, (index % 2) + 1);
};

/**
 * One test a cell: the fault is met while a new version is published, the promoted one stays usable all the time, the
 * next publication completes, and after gc nothing half-made is there.
 */
export function describePublishingFaults(facts: PublishingFacts, steps: readonly PublishingStep[]): void {
  const cells = steps
    .flatMap((step) => step.kinds.map((kind) => ({ step, kind })))
    .flatMap(({ step, kind }, index) => ordersOf(kind, index).map((order) => ({ step, kind, order })));
  const table = new FaultTable(faultKinds);
  let cloud: PublishingCheckout;
  /** Kinds of things that two versions are, the promoted one and the one before it. */
  let whole: readonly string[];
  let disks = 0;

  const kmvm = (...args: string[]): Promise<Ended> => cloud.checkout.kmvm(...args);
  const publishing = (): string[] => [
    ...["image", "publish", imageName, "--backend", cloud.backend, "--no-test", "--keep", "0"],
  ];
  const kinds = () => cloud.difference().map((one) => one.split(" ")[1] ?? "");
  const newVersion = async (): Promise<string> => {
    await changeRecipe(cloud.checkout, imageName);
    return giveVersion(cloud.checkout, imageName, smallDisk(join(cloud.checkout.home, `disk-${(disks += 1)}`)));
  };

  beforeAll(async () => {
    if (missing !== undefined) return;
    cloud = await facts.open();
    for (let number = 0; number < 2; number++) {
      await newVersion();
      const { code, stderr } = await kmvm(...publishing());
      expect({ code, stderr }).toMatchObject({ code: 0 });
    }
    whole = kinds();
  }, limit);

  afterAll(async () => {
    if (missing !== undefined) return;
    process.stderr.write(
      `\nFaults while an image is published to ${facts.name}; what gc removed, before the next publication or after it:\n\n${table.text()}\n\n`,
    );
    await cloud.close();
  }, limit);

  /** Publishes and meets the fault. */
  async function meet({ at, times = 1 }: PublishingStep, kind: FaultKind): Promise<Ended> {
    scriptFaults(cloud.store, [{ at, kind, times }]);
    const running = cloud.checkout.start(publishing());
    if (isKill(kind)) {
      const ended = running.ended.then(({ stdout, stderr }) => {
        throw new Error(`it ended before ${kind} at ${at}: ${stdout}${stderr}`);
      });
      const hit = retryUntil({
        what: `${kind} at ${at}`,
        timeoutMs: 120_000,
        attempt: () => (faultsHit(cloud.store).length > 0 ? true : undefined),
      });
      await Promise.race([hit, ended]);
      running.signal("SIGKILL");
      ended.catch(() => undefined);
    }
    return running.ended;
  }

  describe(`a fault while an image is published to ${facts.name}`, () => {
    for (const { step, kind, order } of cells)
      testUnless(missing)(
        `${step.name}: ${kind}; ${order}: the promoted one stays, the next publication completes, nothing is left`,
        async () => {
          table.set(step.name, kind, "not as it should be");
          const said: string[] = [];
          const told = ({ code, stdout, stderr }: Ended, what: string): number | null => {
            said.push(`${what}: ${code}`, stdout, stderr);
            return code;
          };
          /** @returns how many things of publications were removed */
          const clean = async (): Promise<number> => {
            const ended = await kmvm("gc", "--yes", "--now", "--json");
            expect({ code: told(ended, "gc"), said }).toMatchObject({ code: 0 });
            const { found } = JSON.parse(ended.stdout) as { found: { what: string }[] };
            return found.filter(({ what }) => what.includes(`${imageName}@`)).length;
          };
          let removed = 0;
          const before = cloud.images.promoted().version;
          const version = await newVersion();
          const watch = watchPromoted(cloud.images);
          try {
            const code = told(await meet(step, kind), "publish");
            expect({ hit: faultsHit(cloud.store).length > 0, said }).toMatchObject({ hit: true });
            const ends = step.retried ? [0, 3, 4] : [3];
            if (!isKill(kind)) expect({ ends, code, said }).toMatchObject({ ends: expect.arrayContaining([code]) });
            if (!step.retried) expect(cloud.images.promoted().version).toBe(before);
            scriptFaults(cloud.store, []);

            if (order === "gc first") removed += await clean();
            const again = told(await kmvm(...publishing()), "publish again");
            expect({ code: again, said }).toMatchObject({ code: 0 });
            expect(cloud.images.promoted().version).toBe(version);
          } finally {
            const { missing: lost } = watch.stop();
            expect({ lost, said }).toMatchObject({ lost: [] });
          }
          removed += await clean();
          expect({ kinds: kinds(), said }).toMatchObject({ kinds: whole });
          expect(cloud.problems()).toEqual([]);
          const others = cloud.checkout.leftovers().filter((one) => !one.includes(`l0-dev-${cloud.backend}`));
          expect({ others, said }).toMatchObject({ others: [] });
          const unknown = step.onlyForGc && isUnknown(kind) && order === "gc first";
          if (unknown) expect({ removed, said }).not.toMatchObject({ removed: 0 });
          table.set(step.name, kind, removed > 0 ? `usable (gc: ${removed})` : "usable");
        },
        limit,
      );
  });
}
