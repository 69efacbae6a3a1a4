import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { kmvmHome } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import { injectNmi } from "../../../provider/qemu/diagnostics";
import { inspectMachine, resumeMachine, startMachine, stopMachine, type Machine } from "../../../provider/qemu/machine";
import { resolveImage } from "../../../provider/images/store";
import { say } from "./login";
import { makeTestHome, type TestHome } from "./support";

const bootMs = 180_000;
const timeoutMs = 300_000;

let host: TestHome;
beforeAll(async () => {
  host = await makeTestHome();
});
afterAll(() => host.cleanUp(), 60_000);

async function boot(): Promise<Machine> {
  const image = await resolveImage(kmvmHome(), "L0-base");
  return startMachine(
    host.home,
    host.spec("boot-direct", { image, boot: "direct", vcpus: 2, memoryMiB: 2048, diskGiB: 12 }),
  );
}

async function expectUsable(machine: Machine): Promise<void> {
  const facts = await say(
    host,
    machine,
    [
      ...["hostname", "ls /dev/kvm", "sudo -n id -u", "stat -c %a ~/.ssh/authorized_keys"],
      "df -BG --output=size / | tail -1",
    ].join("; "),
  );
  const [name, device, superuser, mode, gigabytes] = facts.split("\n").map((line) => line.trim());
  expect([name, device, superuser, mode]).toEqual([machine.id, "/dev/kvm", "0", "600"]);
  expect(Number.parseInt(gigabytes ?? "", 10)).toBeGreaterThanOrEqual(11);
}

describe("a machine of the base image", () => {
  let machine: Machine;

  test(
    "lets its user in, is known by its own host key, has a hypervisor device and all of its disk",
    async () => {
      machine = await boot();
      await expectUsable(machine);
    },
    timeoutMs,
  );

  test(
    "shuts down when it is stopped, and comes back with its disk and its console's past",
    async () => {
      await say(host, machine, "echo kept > kept");
      await stopMachine(host.home, machine.id);
      expect(await inspectMachine(host.home, machine.id)).toMatchObject({ state: "stopped", crashed: false });
      const past = await readFile(machine.consolePath, "utf8");
      expect(past).toMatch(/Power down|Powering off|System Power Off/i);

      machine = await resumeMachine(host.home, machine.id);
      expect(await say(host, machine, "cat kept")).toBe("kept");
      expect((await readFile(machine.consolePath, "utf8")).startsWith(past)).toBe(true);
    },
    timeoutMs,
  );

  test(
    "tells by a backtrace on its console where it is, when it gets an NMI",
    async () => {
      await injectNmi(machine.folder);
      const words = await retryUntil({
        what: "the kernel's last words",
        timeoutMs: bootMs,
        intervalMs: 200,
        attempt: async () => {
          const text = await readFile(machine.consolePath, "utf8");
          return text.includes("---[ end Kernel panic") ? text : undefined;
        },
      });
      expect(words).toMatch(/Kernel panic - not syncing: NMI/);
      expect(words).toMatch(/Call Trace:/);
    },
    timeoutMs,
  );
});
