import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { endpointCandidates } from "../../../provider/qemu/address";
import { registers, runState } from "../../../provider/qemu/diagnostics";
import {
  inspectMachine,
  listMachines,
  removeMachine,
  resumeMachine,
  startMachine,
  stopMachine,
} from "../../../provider/qemu/machine";
import { processesOf } from "../../../provider/qemu/processes";
import { makeTestHome, type TestHome } from "./support";

let host: TestHome;
beforeAll(async () => {
  host = await makeTestHome();
});
afterAll(() => host.cleanUp(), 60_000);

/** A busy host starts QEMU slowly. */
const timeoutMs = 60_000;

function listen(address: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(port, address, () => {
      resolve(server);
    });
  });
}

describe("a machine", () => {
  test(
    "starts, is listed with its tags, answers, and leaves nothing when it is removed, twice",
    async () => {
      const { home, spec } = host;
      const machine = await startMachine(home, spec("whole"));
      expect(machine).toMatchObject({
        ...endpointCandidates("whole")[0],
        imageVersion: "1",
        tags: { stack: "test-dev-1" },
      });
      expect(await listMachines(home)).toMatchObject([
        { id: "whole", state: "running", pid: machine.pid, crashed: false },
      ]);
      expect(await runState(machine.folder)).toBe("running");
      expect(await registers(machine.folder)).toMatch(/CPU#0/);

      await removeMachine(home, "whole");
      await removeMachine(home, "whole");
      expect(await inspectMachine(home, "whole")).toBeUndefined();
      expect(await processesOf(machine.folder, "whole")).toEqual([]);
      await expect(stat(machine.folder)).rejects.toThrow("ENOENT");
    },
    timeoutMs,
  );

  test(
    "holds no secret in its arguments, its environment or its record",
    async () => {
      const { home, spec, hostKey } = host;
      const canary = hostKey.privateKey.split("\n")[2] ?? "";
      const { pid, folder } = await startMachine(home, spec("quiet"));
      const seen = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, "utf8"),
        readFile(`/proc/${pid}/environ`, "utf8"),
        readFile(join(folder, "machine.json"), "utf8"),
      ]);
      expect(canary.length).toBeGreaterThan(40);
      for (const text of seen) expect(text).not.toContain(canary);
      expect((await stat(join(folder, "credentials"))).mode & 0o777).toBe(0o700);
      expect((await stat(join(folder, "credentials/tmpfiles.extra"))).mode & 0o777).toBe(0o600);
      expect((await stat(join(folder, "machine.json"))).mode & 0o777).toBe(0o600);
      await removeMachine(home, "quiet");
    },
    timeoutMs,
  );

  test(
    "is taken over when it runs already",
    async () => {
      const { home, spec } = host;
      const same = spec("same");
      const first = await startMachine(home, same);
      const second = await startMachine(home, same);
      expect(second).toEqual(first);
      await removeMachine(home, "same");
    },
    timeoutMs,
  );

  test(
    "of another stack keeps its name, and the message says whose it is",
    async () => {
      const { home, spec } = host;
      const first = await startMachine(home, spec("held"));
      const tags = { ...first.tags, stack: "test-ci-9" };
      await expect(startMachine(home, spec("held", { tags, vcpus: 2 }))).rejects.toThrow(
        /"held" belongs to stack test-dev-1, run r, of me@here/,
      );
      expect(await inspectMachine(home, "held")).toMatchObject({ state: "running", pid: first.pid });
      await removeMachine(home, "held");
    },
    timeoutMs,
  );

  test(
    "takes the next address when its own is taken",
    async () => {
      const { home, spec } = host;
      const [first, second] = endpointCandidates("crowded");
      if (!first || !second) throw new Error("no candidates");
      const server = await listen(first.address, first.port);
      try {
        const said: string[] = [];
        const machine = await startMachine(home, spec("crowded"), { log: (line) => said.push(line) });
        expect(machine).toMatchObject(second);
        expect(said.join("\n")).toContain(`${first.address}:${first.port} is taken`);
      } finally {
        server.close();
        await removeMachine(home, "crowded");
      }
    },
    timeoutMs,
  );

  test(
    "shares nothing with three others that start at the same time",
    async () => {
      const { home, spec } = host;
      const ids = ["one", "two", "three", "four"];
      const machines = await Promise.all(ids.map((id) => startMachine(home, spec(id))));
      for (const pick of ["address", "folder", "consolePath", "pid"] as const)
        expect(new Set(machines.map((machine) => machine[pick])).size).toBe(4);
      expect((await listMachines(home)).map(({ id }) => id)).toEqual([...ids].sort());
      await Promise.all(ids.map((id) => removeMachine(home, id)));
      expect(await listMachines(home)).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "that was killed is told from one that was switched off, and can be started again",
    async () => {
      const { home, spec } = host;
      const { pid } = await startMachine(home, spec("killed"));
      process.kill(pid, "SIGKILL");
      while ((await inspectMachine(home, "killed"))?.state === "running") await new Promise((go) => setTimeout(go, 20));
      expect(await inspectMachine(home, "killed")).toMatchObject({ state: "stopped", crashed: true, pid: undefined });

      const again = await resumeMachine(home, "killed");
      expect(again.pid).not.toBe(pid);
      expect(await inspectMachine(home, "killed")).toMatchObject({ state: "running", crashed: false });
      await removeMachine(home, "killed");
    },
    timeoutMs,
  );

  test(
    "that does not answer any more is removed all the same",
    async () => {
      const { home, spec } = host;
      const { pid, folder } = await startMachine(home, spec("frozen"));
      process.kill(pid, "SIGSTOP");
      await removeMachine(home, "frozen");
      expect(await processesOf(folder, "frozen")).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "works in a folder whose path is longer than a socket's may be",
    async () => {
      const { home, spec } = host;
      const deep = join(home, "x".repeat(120));
      const machine = await startMachine(deep, spec("deep"));
      expect(machine.folder.length).toBeGreaterThan(107);
      expect(await runState(machine.folder)).toBe("running");
      await removeMachine(deep, "deep");
    },
    timeoutMs,
  );
});

describe("a machine that cannot be", () => {
  test.each([
    ["an id that is no name", { id: "../x" }, /"\.\.\/x" is not 1 to 63/],
    ["an expiry in the past", { expiresAt: "2001-01-01T00:00:00Z" }, /expired at 2001/],
    ["more memory than there is", { memoryMiB: 100_000_000 }, /only \d+ MiB are available/],
    [
      "an image that is not there",
      {
        image: {
          name: "x",
          version: "1",
          disk: "/no/disk.raw",
          diskFormat: "raw" as const,
          kernel: "/no",
          initrd: "/no",
        },
      },
      /\/no\/disk\.raw/,
    ],
  ])("is refused: %s", async (_, changes, message) => {
    const { home, spec } = host;
    await expect(startMachine(home, spec("never", changes))).rejects.toThrow(message);
    await removeMachine(home, "never");
  });

  test(
    "leaves what QEMU said in the message",
    async () => {
      const { home, spec } = host;
      await expect(startMachine(home, spec("no-kernel", { boot: "direct" }))).rejects.toThrow(
        /QEMU ended at once: .*could not open kernel file '\/nonexistent'/,
      );
      expect(await inspectMachine(home, "no-kernel")).toMatchObject({ state: "half-made" });
      await removeMachine(home, "no-kernel");
    },
    timeoutMs,
  );

  test("is not stopped or resumed", async () => {
    await expect(stopMachine(host.home, "nobody")).rejects.toThrow(/no machine "nobody"/);
    await expect(resumeMachine(host.home, "nobody")).rejects.toThrow(/no machine "nobody"/);
  });
});

test("a folder among the machines that is none of ours is left alone", async () => {
  const { home } = host;
  await writeFile(join(home, "machines", "notes.txt"), "mine");
  expect(await listMachines(home)).toEqual([]);
});
