import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { kmvmHome } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import type { SshConnection } from "../../../lib/ssh";
import { waitForSsh } from "../../../lib/ssh-wait";
import { injectNmi } from "../../../provider/qemu/diagnostics";
import { inspectMachine, resumeMachine, startMachine, stopMachine, type Machine } from "../../../provider/qemu/machine";
import { resolveImage } from "../../../provider/images/store";
import { makeTestHome, type TestHome } from "./support";

const bootMs = 180_000;
const timeoutMs = 300_000;

let host: TestHome;
beforeAll(async () => {
  host = await makeTestHome();
});
afterAll(() => host.cleanUp(), 60_000);

/** Logs in with the host key that the machine was given: any other is refused. */
function logIn({ address, port, user }: Machine): Promise<SshConnection> {
  return waitForSsh({
    ...{ address, port, user, timeoutMs: bootMs },
    ...{ privateKey: host.userKey.privateKey, hostKey: host.hostKey.publicKey },
  });
}

async function say(machine: Machine, command: string): Promise<string> {
  const connection = await logIn(machine);
  try {
    const { code, stdout, stderr } = await connection.exec(command);
    if (code !== 0) throw new Error(`${command}: exit ${code}: ${stderr}`);
    return stdout.trim();
  } finally {
    connection.close();
  }
}

async function boot(how: "direct" | "uefi"): Promise<Machine> {
  const image = await resolveImage(kmvmHome(), "L0-base");
  return startMachine(
    host.home,
    host.spec(`boot-${how}`, { image, boot: how, vcpus: 2, memoryMiB: 2048, diskGiB: 12 }),
  );
}

async function expectUsable(machine: Machine): Promise<void> {
  const facts = await say(
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
      machine = await boot("direct");
      await expectUsable(machine);
    },
    timeoutMs,
  );

  test(
    "is the same one with the same disk after a reboot",
    async () => {
      const before = await say(machine, "echo kept > kept; sync; cat /proc/sys/kernel/random/boot_id");
      await say(machine, "sudo -n systemd-run --on-active=1 systemctl reboot").catch(() => undefined);
      const after = await retryUntil({
        what: "another boot id",
        timeoutMs: bootMs,
        intervalMs: 1000,
        attempt: async () => {
          const now = await say(machine, "cat /proc/sys/kernel/random/boot_id kept").catch(() => before);
          return now.startsWith(before) ? undefined : now;
        },
      });
      expect(after).toMatch(/\nkept$/);
      expect(await inspectMachine(host.home, machine.id)).toMatchObject({ state: "running", pid: machine.pid });
    },
    timeoutMs,
  );

  test(
    "shuts down when it is stopped, and comes back with its disk and its console's past",
    async () => {
      await stopMachine(host.home, machine.id);
      expect(await inspectMachine(host.home, machine.id)).toMatchObject({ state: "stopped", crashed: false });
      const past = await readFile(machine.consolePath, "utf8");
      expect(past).toMatch(/Power down|Powering off|System Power Off/i);

      machine = await resumeMachine(host.home, machine.id);
      expect(await say(machine, "cat kept")).toBe("kept");
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

test(
  "the same image boots by UEFI, its hostname from the second boot on",
  async () => {
    const machine = await boot("uefi");
    expect(await say(machine, "cat /etc/hostname; test -d /sys/firmware/efi && echo efi")).toBe(`${machine.id}\nefi`);
  },
  timeoutMs,
);
