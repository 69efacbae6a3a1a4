import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kmvmHome, repositoryRoot } from "../../lib/paths";
import { retryUntil } from "../../lib/retry";
import type { RootShell } from "../../lib/root-shell";
import { resolveImage } from "../../provider/images/store";
import { warmImage } from "../../provider/images/warm";
import { listLeftovers } from "../../provider/qemu/inspect";
import {
  listMachines,
  removeMachine,
  resumeMachine,
  startMachine,
  stopMachine,
  type MachineSpec,
} from "../../provider/qemu/machine";
import { availableMiB } from "../../provider/qemu/memory";
import { openShell } from "../../provider/qemu/warm/shell";
import { surviveKills } from "../support/kills";
import { randomNumbers, seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";
import { processesWith } from "../support/processes";
import { removerOfNewWarmImages } from "../support/warm-images";
import { say } from "../vm/qemu/login";
import { makeTestHome, type TestHome } from "../vm/qemu/support";

const allKills = Number(process.env["KMVM_KILLS"] ?? 20);
/** Half of them while a warm image is made, half of them while one is restored. */
const kills = Math.ceil(allKills / 2);
/** Started and removed one after the other. */
const clones = 5 * allKills;
const minute = 60_000;
const hour = 60 * minute;
/** Made and ended in one machine. */
const virtualMachines = 50 * allKills;
/** Minutes of clones that are started and killed. */
const churnMinutes = Number(process.env["KMVM_MINUTES"] ?? 30);
// A size that nobody else uses.
const size = ["--set", "diskGiB=11"];
const command = ["vm", "up", "--id", "torn", "--ttl", "30m", "--start", "warm", ...size];
const remove = ["vm", "delete", "vm-dev-torn"];
const done = /^ *kmvm ssh vm-dev-torn$/m;

const availableMemory = async () => availableMiB(await readFile("/proc/meminfo", "utf8")) ?? 0;

let checkout: OwnCheckout;
let removeOurs: () => void = () => undefined;

beforeAll(async () => {
  checkout = ownCheckout();
  if (missingForKmvm() !== undefined) return;
  removeOurs = removerOfNewWarmImages(await resolveImage(kmvmHome(), "L0-base"));
});
afterAll(() => {
  checkout.remove();
  removeOurs();
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

describe("clones of one warm image", () => {
  let host: TestHome;
  let specOf: (name: string) => MachineSpec;

  beforeAll(async () => {
    host = await makeTestHome();
    if (missingForKmvm() !== undefined) return;
    const image = await resolveImage(kmvmHome(), "L0-base");
    const shape = { vcpus: 2, memoryMiB: 2048, diskGiB: 11 };
    const warm = await warmImage(host.home, image, shape, {});
    specOf = (name) => host.spec(name, { ...shape, image, boot: "direct", warm });
  }, hour);
  afterAll(() => host.cleanUp(), minute);

  testUnless(missingForKmvm())(
    `${clones} one after the other, none fails`,
    async () => {
      for (let number = 1; number <= clones; number++) {
        const spec = specOf(`clone-${number}`);
        expect(await startMachine(host.home, spec)).toMatchObject({ id: spec.id, started: "warm" });
        await removeMachine(host.home, spec.id);
      }
      expect(await listMachines(host.home)).toEqual([]);
    },
    hour,
  );

  testUnless(missingForKmvm())(
    "are still themselves after a reboot, and after they were stopped and started",
    async () => {
      const clone = await startMachine(host.home, specOf("rebooted"));
      const identity = "hostname; cat /etc/machine-id";
      const bootId = "cat /proc/sys/kernel/random/boot_id";
      const before = await say(host, clone, identity);
      const boot = await say(host, clone, bootId);
      await say(host, clone, "sudo systemd-run --on-active=1 systemctl reboot").catch(() => undefined);
      await retryUntil({
        what: "another boot id",
        timeoutMs: 3 * minute,
        intervalMs: 1000,
        attempt: async () => (await say(host, clone, bootId).catch(() => boot)) !== boot || undefined,
      });
      expect(await say(host, clone, identity)).toBe(before);
      await stopMachine(host.home, clone.id);
      expect(await say(host, await resumeMachine(host.home, clone.id), identity)).toBe(before);
      await removeMachine(host.home, clone.id);
    },
    5 * minute,
  );

  testUnless(missingForKmvm())(
    `started and killed for ${churnMinutes} minutes, they leave no file, process or memory behind`,
    async () => {
      const random = randomNumbers(seedOfRun());
      const before = await availableMemory();
      const end = Date.now() + churnMinutes * minute;
      let killed = 0;
      for (let number = 1; Date.now() < end; number++) {
        const spec = specOf(`churn-${number}`);
        const given = new AbortController();
        // Some are given up while they are restored, some die later.
        const moment = Math.floor(random() * 1500);
        const timer = setTimeout(() => {
          given.abort(new Error("given up"));
        }, moment);
        const machine = await startMachine(host.home, spec, { signal: given.signal }).catch(() => undefined);
        if (machine) {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - 500)));
          process.kill(machine.pid, "SIGKILL");
          killed++;
        }
        clearTimeout(timer);
        await removeMachine(host.home, spec.id);
      }
      expect(killed).toBeGreaterThan(churnMinutes);
      expect(await listMachines(host.home)).toEqual([]);
      expect(await listLeftovers(host.home)).toEqual([]);
      expect(processesWith(host.home)).toEqual([]);
      // What one clone has to itself; a hundred that left a part of theirs would be more.
      expect(before - (await availableMemory())).toBeLessThan(300);
    },
    (churnMinutes + 10) * minute,
  );

  const inMachine = async (name: string, use: (shell: RootShell) => Promise<void>): Promise<void> => {
    const expiresAt = new Date(Date.now() + 20 * minute).toISOString();
    const { id, folder: own } = await startMachine(host.home, { ...specOf(name), expiresAt });
    const shell = await openShell(own, AbortSignal.timeout(minute));
    await use(shell);
    shell.close();
    await removeMachine(host.home, id);
  };

  testUnless(missingForKmvm())(
    `${virtualMachines} virtual machines made and ended in one do not hang it`,
    () =>
      inMachine("busy", async (shell) => {
        const program = readFileSync(join(repositoryRoot(), "test/fixtures/kvm-churn.c"));
        const build = "cat >/root/churn.c && gcc -o /root/churn /root/churn.c";
        expect(await shell.run(build, { stdin: program })).toMatchObject({ code: 0 });
        const { stdout } = await shell.run(`/root/churn ${virtualMachines}`, {
          signal: AbortSignal.timeout(10 * minute),
        });
        expect(stdout).toBe("done\n");
      }),
    15 * minute,
  );

  testUnless(missingForKmvm())(
    `nor does the one that is kept for that, made and ended ${virtualMachines} times`,
    () =>
      inMachine("kept-busy", async (shell) => {
        // Each machine is an event of the device: udev would start the service again, and what that keeps would spare
        // the scheduler all patching.
        const alone =
          "rm /etc/udev/rules.d/80-kmvm-hold-kvm.rules && udevadm control --reload && " +
          "systemctl stop kmvm-hold-kvm && ! systemctl is-failed --quiet kmvm-hold-kvm";
        expect(await shell.run(alone)).toMatchObject({ code: 0 });
        const script = `/usr/lib/kmvm/hold-kvm ${virtualMachines} >/run/held & until grep held /run/held; do sleep 1; done; kill $!; wait $!`;
        const signal = AbortSignal.timeout(10 * minute);
        expect(await shell.run(script, { signal })).toEqual({ code: 0, stdout: "held\n", stderr: "" });
        expect((await shell.run("systemctl is-active kmvm-hold-kvm")).stdout).toBe("inactive\n");
      }),
    15 * minute,
  );
});
