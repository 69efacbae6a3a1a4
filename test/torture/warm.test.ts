import { afterAll, beforeAll, expect } from "@jest/globals";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { kmvmHome } from "../../lib/paths";
import { resolveImage } from "../../provider/images/store";
import { warmImage } from "../../provider/images/warm";
import { listMachines, removeMachine, startMachine } from "../../provider/qemu/machine";
import { surviveKills } from "../support/kills";
import { seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";
import { makeTestHome } from "../vm/qemu/support";

/** Half of them while a warm image is made, half of them while one is restored. */
const kills = Math.ceil(Number(process.env["KMVM_KILLS"] ?? 20) / 2);
const hour = 3600_000;
// A size that nobody else uses.
const size = ["--set", "diskGiB=11"];
const command = ["vm", "up", "--id", "torn", "--ttl", "30m", "--start", "warm", ...size];
const remove = ["vm", "delete", "vm-dev-torn"];
const done = /^ *kmvm ssh vm-dev-torn$/m;

let checkout: OwnCheckout;
let folder: string;
/** Names of the warm images that were there before. */
let before: ReadonlySet<string>;

const namesIn = (path: string) => (existsSync(path) ? readdirSync(path) : []);
const removeOurs = () => {
  for (const name of namesIn(folder))
    if (!before.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
};

beforeAll(async () => {
  checkout = ownCheckout();
  if (missingForKmvm() !== undefined) return;
  folder = join(dirname((await resolveImage(kmvmHome(), "L0-base")).disk), "warm");
  before = new Set(namesIn(folder));
});
afterAll(() => {
  checkout.remove();
  if (folder) removeOurs();
});

testUnless(missingForKmvm())(
  "a warm image whose making is killed at any moment is never taken for whole, and is made the next time",
  () => surviveKills({ checkout, command, remove, done, prepare: removeOurs, seed: seedOfRun(), kills, wholeEvery: 7 }),
  2 * hour,
);

testUnless(missingForKmvm())(
  "a clone whose start is killed at any moment leaves nothing that gc does not remove, and starts the next time",
  () => surviveKills({ checkout, command, remove, done, seed: seedOfRun(), kills, wholeEvery: 7 }),
  hour,
);

testUnless(missingForKmvm())(
  "a hundred clones one after the other, none fails",
  async () => {
    const host = await makeTestHome();
    try {
      const image = await resolveImage(kmvmHome(), "L0-base");
      const shape = { vcpus: 2, memoryMiB: 2048, diskGiB: 11 };
      const warm = await warmImage(host.home, image, shape, {});
      for (let number = 1; number <= 100; number++) {
        const spec = host.spec(`clone-${number}`, { ...shape, image, boot: "direct", warm });
        expect(await startMachine(host.home, spec)).toMatchObject({ id: spec.id, started: "warm" });
        await removeMachine(host.home, spec.id);
      }
      expect(await listMachines(host.home)).toEqual([]);
    } finally {
      await host.cleanUp();
    }
  },
  hour,
);
