import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kmvmHome } from "../../lib/paths";
import { retryUntil } from "../../lib/retry";
import { resolveImage } from "../../provider/images/store";
import { inspectMachine, startMachine, type Machine } from "../../provider/qemu/machine";
import { say } from "../vm/qemu/login";
import { makeTestHome, type TestHome } from "../vm/qemu/support";

const bootMs = 180_000;
const timeoutMs = 300_000;

let host: TestHome;
beforeAll(async () => {
  host = await makeTestHome();
});
afterAll(() => host.cleanUp(), 60_000);

async function boot(how: "direct" | "uefi"): Promise<Machine> {
  const image = await resolveImage(kmvmHome(), "L0-base");
  const size = { vcpus: 2, memoryMiB: 2048, diskGiB: 12 };
  return startMachine(host.home, host.spec(`boot-${how}`, { image, boot: how, ...size }));
}

test(
  "a machine is the same one with the same disk after a reboot",
  async () => {
    const machine = await boot("direct");
    const bootId = "cat /proc/sys/kernel/random/boot_id";
    const before = await say(host, machine, `echo kept > kept; sync; ${bootId}`);
    await say(host, machine, "sudo -n systemd-run --on-active=1 systemctl reboot").catch(() => undefined);
    const after = await retryUntil({
      what: "another boot id",
      timeoutMs: bootMs,
      intervalMs: 1000,
      attempt: async () => {
        const now = await say(host, machine, `${bootId} kept`).catch(() => before);
        return now.startsWith(before) ? undefined : now;
      },
    });
    expect(after).toMatch(/\nkept$/);
    expect(await inspectMachine(host.home, machine.id)).toMatchObject({ state: "running", pid: machine.pid });
  },
  timeoutMs,
);

test(
  "the same image boots by UEFI, its hostname from the second boot on",
  async () => {
    const machine = await boot("uefi");
    const facts = await say(host, machine, "cat /etc/hostname; test -d /sys/firmware/efi && echo efi");
    expect(facts).toBe(`${machine.id}\nefi`);
  },
  timeoutMs,
);
