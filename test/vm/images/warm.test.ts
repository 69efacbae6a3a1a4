import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execa } from "execa";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { kmvmHome } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import { resolveImage, type StoredVersion } from "../../../provider/images/store";
import { warmImage } from "../../../provider/images/warm";
import { startFresh } from "../../../provider/machine-start";
import { listMachines, resetMachine, startMachine, type Machine } from "../../../provider/qemu/machine";
import type { WarmImage } from "../../../provider/qemu/spec";
import { openShell } from "../../../provider/qemu/warm/shell";
import { RestoreFailed } from "../../../provider/qemu/warm/migration";
import { logIn, say } from "../qemu/login";
import { makeTestHome, type TestHome } from "../qemu/support";

const minutes = 60_000;
// A size that nobody else uses, so that what is damaged here is nobody else's.
const shape = { vcpus: 2, memoryMiB: 1536, diskGiB: 9 };

let host: TestHome;
let image: StoredVersion;
const said: string[] = [];
const log = (line: string) => {
  said.push(line);
};
const makeWarm = () => warmImage(host.home, image, shape, { log });
const specOf = (id: string) => host.spec(id, { ...shape, image, boot: "direct" });

beforeAll(async () => {
  host = await makeTestHome();
  image = await resolveImage(kmvmHome(), "L0-base");
});
afterAll(() => host.cleanUp(), minutes);

/** What no two machines may have in common, by what it is. */
const unique = {
  // Seconds later the streams differ by themselves; this is drawn before anything else has run.
  "first random bytes after the start": "cat /run/kmvm-first-draw; echo",
  "random bytes of the kernel": "head -c 32 /dev/urandom | base64",
  "random bytes of OpenSSL": "openssl rand -hex 32",
  // Docker's daemon runs since before the machine was saved.
  "random bytes of a process that was already running": "sudo docker volume create",
  uuid: "cat /proc/sys/kernel/random/uuid",
  "boot id": "cat /proc/sys/kernel/random/boot_id",
  "machine id": "cat /etc/machine-id",
  "host name": "hostname",
};

// One after the other: each goes on from what the one before has left.
describe("a warm image", () => {
  let warm: WarmImage;
  let clones: Machine[];

  test(
    "is made once, with another guest where the first one ends too early, and leaves no machine",
    async () => {
      const both = Promise.all([makeWarm(), makeWarm()]);
      const { pid } = await retryUntil({
        what: "the machine to be saved, and that it boots",
        timeoutMs: minutes,
        attempt: async () =>
          (await listMachines(host.home)).find(
            ({ state, consolePath }) =>
              state === "running" &&
              existsSync(consolePath) &&
              readFileSync(consolePath, "utf8").includes("Linux version"),
          ),
      });
      process.kill(pid ?? NaN, "SIGKILL");
      [warm] = await both;
      // That an emulated guest hangs of itself now and then is not what is tested here.
      const [first] = said.filter((line) => line.includes("once more"));
      expect(first).toBe("no warm image yet: QEMU has closed the door; once more");
      expect(await listMachines(host.home)).toEqual([]);
      said.length = 0;
      expect(await makeWarm()).toEqual(warm);
      expect(said).toEqual([]);
    },
    5 * minutes,
  );

  test(
    "has two clones at once that share nothing that must be unique, and know the time",
    async () => {
      clones = await Promise.all(
        ["clone-a", "clone-b"].map((id) => startMachine(host.home, { ...specOf(id), warm }, { log })),
      );
      const answers = await Promise.all(
        clones.map(async (clone) => {
          const connection = await logIn(host, clone);
          const asked = Object.values(unique).join("; ");
          const facts = (await connection.exec(asked)).stdout.trim().split("\n");
          const before = Date.now();
          const clock = Number((await connection.exec("date +%s%3N")).stdout);
          const after = Date.now();
          connection.close();
          return { facts, early: before - clock, late: clock - after };
        }),
      );
      const [a, b] = answers.map(({ facts }) => facts);
      expect(a).toHaveLength(Object.keys(unique).length);
      Object.keys(unique).forEach((what, index) => {
        expect([what, a?.[index]]).not.toEqual([what, b?.[index]]);
      });
      expect(clones.map(({ id }) => id)).toEqual(answers.map(({ facts }) => facts.at(-1)));
      for (const { early, late } of answers) expect(Math.max(early, late)).toBeLessThan(500);
    },
    5 * minutes,
  );

  test(
    "gives clones a hypervisor device, a working container runtime, and the disk that was asked for",
    async () => {
      const [clone] = clones;
      if (!clone) throw new Error("there is no clone");
      const facts = await say(
        host,
        clone,
        "ls /dev/kvm; sudo docker info --format '{{.Driver}}'; df -BG --output=size / | tail -1",
      );
      const [device, driver, size] = facts.split("\n");
      expect([device, driver]).toEqual(["/dev/kvm", "overlay2"]);
      expect(Number.parseInt(size ?? "", 10)).toBe(9);
      expect(clone.started).toBe("warm");
      expect(readFileSync(clone.consolePath, "utf8")).toMatch(/Linux version[^]*\[kmvm: a clone from here on\]/);
    },
    5 * minutes,
  );

  test(
    "gives clones a way in without a login: scripts one right after the other, and several at once",
    async () => {
      const [clone] = clones;
      if (!clone) throw new Error("there is no clone");
      const shell = await openShell(clone.folder, AbortSignal.timeout(minutes));
      const shout = (n: number) => shell.run(`cat; echo ${n} >&2; exit ${n}`, { stdin: "x".repeat(n * 1000) });
      for (let n = 0; n < 100; n++)
        expect(await shout(n)).toEqual({ code: n, stdout: "x".repeat(n * 1000), stderr: `${n}\n` });
      const atOnce = await Promise.all([1, 2, 3].map(shout));
      expect(atOnce.map(({ code }) => code)).toEqual([1, 2, 3]);
      await expect(shell.run("exec sleep 1000", { signal: AbortSignal.timeout(500) })).rejects.toThrow(/timeout/i);
      // What the host has given up has ended.
      await retryUntil({
        what: "the end of the script",
        timeoutMs: 10_000,
        intervalMs: 200,
        attempt: async () => (await shell.run("pgrep -f [s]leep.1000")).code !== 0 || undefined,
      });
      shell.close();
      await shell.ended;
    },
    5 * minutes,
  );

  test("finds its image by whatever path the two are reached", async () => {
    const { stdout } = await execa("qemu-img", ["info", "--output=json", "-U", warm.disk]);
    expect(JSON.parse(stdout)).toMatchObject({ "backing-filename": "../../disk.raw" });
  });

  test(
    "is only read by them",
    async () => {
      const [clone] = clones;
      if (!clone) throw new Error("there is no clone");
      await say(host, clone, "sudo sh -c 'head -c 64M /dev/urandom >/root/noise; sync'");
      expect(await makeWarm()).toEqual(warm);
    },
    5 * minutes,
  );

  test(
    "gives clones that can be reset: same name and keys, another identity, nothing left on the disk",
    async () => {
      const [clone] = clones;
      if (!clone) throw new Error("there is no clone");
      const before = await say(host, clone, "cat /etc/machine-id; sudo ls /root/noise");
      expect(before).toMatch(/noise/);
      const again = await resetMachine(host.home, clone.id, { log });
      expect(again).toMatchObject({ id: clone.id, started: "warm", expiresAt: clone.expiresAt });
      expect(again.pid).not.toBe(clone.pid);
      const after = await say(host, again, "cat /etc/machine-id; hostname; sudo ls /root");
      expect(after).toBe(`${after.split("\n")[0] ?? ""}\n${clone.id}`);
      expect(after.split("\n")[0]).not.toBe(before.split("\n")[0]);
      clones[0] = again;
    },
    5 * minutes,
  );

  test(
    "that cannot be restored: the machine boots, or does not start where it is to start warm",
    async () => {
      const warmImage = () => Promise.resolve({ ...warm, state: "/dev/null" });
      const dependencies = { home: host.home, warmImage };
      said.length = 0;
      const machine = await startFresh(dependencies, "auto", specOf("not-restored"), { log });
      expect(machine.started).toBe("cold");
      expect(said.join("\n")).toMatch(/cold start: the warm image could not be restored: /);
      await expect(startFresh(dependencies, "warm", specOf("not-started"), { log })).rejects.toThrow(RestoreFailed);
      const states = (await listMachines(host.home)).map(({ id, state }) => `${id} ${state}`);
      expect(states).toEqual(expect.arrayContaining(["not-restored running", "not-started half-made"]));
    },
    5 * minutes,
  );

  test(
    "that is damaged is recognised: the machine boots, and the reason is said",
    async () => {
      utimesSync(warm.memory, new Date(), new Date(0));
      said.length = 0;
      const dependencies = { home: host.home, warmImage: makeWarm };
      const machine = await startFresh(dependencies, "auto", specOf("fallen-back"), { log });
      expect(machine.started).toBe("cold");
      expect(said.join("\n")).toMatch(/cold start: the warm image is damaged: .*memory has changed/);
      expect(await say(host, machine, "echo in")).toBe("in");
      expect(() => readFileSync(warm.state)).toThrow(/ENOENT/);
    },
    5 * minutes,
  );
});
