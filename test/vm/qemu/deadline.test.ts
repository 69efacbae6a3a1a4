import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { buildSync } from "esbuild";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { repositoryRoot } from "../../../lib/paths";
import { retryUntil } from "../../../lib/retry";
import { inspectMachine, listMachines, removeMachine, startMachine } from "../../../provider/qemu/machine";
import { processesOf } from "../../../provider/qemu/processes";
import type { MachineSpec } from "../../../provider/qemu/spec";
import { makeTestHome, type TestHome } from "./support";

const root = repositoryRoot(__dirname);
const timeoutMs = 120_000;

let host: TestHome;
/** In the checkout, where the bundled code finds its files. */
const bundle = join(root, ".kmvm", "test", `start-in-child-${process.pid}.js`);
let child: ChildProcess | undefined;
beforeAll(async () => {
  host = await makeTestHome();
  buildSync({
    absWorkingDir: root,
    entryPoints: ["test/vm/qemu/start-in-child.ts"],
    outfile: bundle,
    bundle: true,
    platform: "node",
    logLevel: "error",
  });
});
afterAll(async () => {
  await host.cleanUp();
  await rm(bundle, { force: true });
}, 60_000);
beforeEach(() => {
  child = undefined;
});
afterEach(() => {
  child?.kill("SIGKILL");
});

/** A process group of its own that starts the machine. */
async function startInChild(spec: MachineSpec, until: "begun" | "started"): Promise<ChildProcess> {
  child = spawn(process.execPath, [bundle, host.home], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.end(JSON.stringify(spec));
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await retryUntil({ what: until, timeoutMs: 60_000, intervalMs: 5, attempt: () => said.includes(until) || undefined });
  return child;
}

async function killGroup(victim: ChildProcess): Promise<void> {
  if (victim.pid === undefined) throw new Error("not started");
  const gone = once(victim, "exit");
  process.kill(-victim.pid, "SIGKILL");
  await gone;
}

describe("when the process group that started a machine is killed", () => {
  test(
    "the machine lives on until its expiry, and then nothing of it is left",
    async () => {
      const { home, spec } = host;
      const ttlMs = 8000;
      const expiresAt = new Date(Date.now() + ttlMs).toISOString();
      await killGroup(await startInChild(spec("mortal", { expiresAt }), "started"));
      const machine = await inspectMachine(home, "mortal");
      expect(machine).toMatchObject({ state: "running" });
      const folder = machine?.folder ?? "";

      await sleep(Math.max(0, Date.parse(expiresAt) - Date.now() - 1500));
      expect(await inspectMachine(home, "mortal")).toMatchObject({ state: "running" });
      await retryUntil({
        what: "the machine to be gone",
        timeoutMs: 8000,
        attempt: async () => ((await inspectMachine(home, "mortal")) ? undefined : true),
      });
      expect(await processesOf(folder, "mortal")).toEqual([]);
    },
    timeoutMs,
  );

  test(
    "at any moment of the start, what is left is listed, can be removed, and can be made again",
    async () => {
      const { home, spec } = host;
      for (let moment = 0; moment < 12; moment++) {
        const id = `cut-${moment}`;
        const wanted = spec(id);
        const victim = await startInChild(wanted, "begun");
        await sleep(moment * 12);
        await killGroup(victim);

        const left = await inspectMachine(home, id);
        if (left) expect(left.tags).toEqual(wanted.tags);
        if (moment % 2 === 0) {
          const again = await startMachine(home, wanted);
          expect(await inspectMachine(home, id)).toMatchObject({ state: "running", pid: again.pid });
        }
        await removeMachine(home, id);
        expect(await listMachines(home)).toEqual([]);
        expect(await processesOf(join(home, "machines", id), id)).toEqual([]);
      }
    },
    timeoutMs,
  );
});
