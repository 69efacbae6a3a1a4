import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CliContext } from "../../../cli/context";
import { locksFolder, releaseDeadLocks } from "../../../cli/engine-locks";
import type { Engine } from "../../../cli/workspace";

let state: string;
let engine: Engine;
const said: string[] = [];
const context = { terminal: { step: (...words: string[]) => said.push(words.join(" ")) } } as unknown as CliContext;
const gone = spawnSync("true").pid;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "kmvm-locks-"));
  engine = { environment: { PULUMI_BACKEND_URL: `file://${state}` } } as unknown as Engine;
  said.length = 0;
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

function lockedBy(name: string, pid: number, host = hostname(), timestamp = new Date().toISOString()): string {
  const folder = join(locksFolder(engine) ?? "", "l0-dev-azure");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), JSON.stringify({ pid, username: "me", hostname: host, timestamp }));
  return folder;
}

test("a lock whose engine was killed while it made the stack is released, though there is no stack", () => {
  const folder = lockedBy("a.json", gone);
  writeFileSync(join(folder, "a.json.attrs"), "{}");
  releaseDeadLocks(context, engine, "l0-dev-azure");
  expect(readdirSync(folder)).toEqual([]);
  expect(said.join()).toContain(String(gone));
});

test("a lock from before the process that has its number now is released", () => {
  const folder = lockedBy("a.json", process.pid, hostname(), "2026-01-01T00:00:00Z");
  releaseDeadLocks(context, engine, "l0-dev-azure");
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["a living process", process.pid, hostname()],
  ["a process of another host", gone, "elsewhere"],
])("no lock is released while one is of %s", (_, pid, host) => {
  lockedBy("a.json", gone);
  const folder = lockedBy("b.json", pid, host);
  releaseDeadLocks(context, engine, "l0-dev-azure");
  expect(readdirSync(folder).sort()).toEqual(["a.json", "b.json"]);
});
