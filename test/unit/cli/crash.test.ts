import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { repositoryRoot } from "../../../lib/paths";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crash-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a command of kmvm in which something goes wrong as soon as it is at work. */
function crashing(crash: string, ...args: string[]) {
  const hook = join(folder, "hook.cjs");
  writeFileSync(
    hook,
    `const timer = setInterval(() => {
      if (process.listenerCount("uncaughtException") === 0) return;
      clearInterval(timer);
      ${crash}
    }, 1);`,
  );
  const command = ["--require", hook, join(repositoryRoot(), "bin", "kmvm"), ...args];
  return spawnSync("node", command, { encoding: "utf8", timeout: 50_000, env: { ...process.env, KMVM_HOME: folder } });
}

test.each([
  ["an exception", `throw new Error("canary");`],
  ["a rejection", `void Promise.reject(new Error("canary"));`],
])(
  "%s that nobody catches is a bug of kmvm, not a test that failed",
  (_what, crash) => {
    const { status, stderr } = crashing(crash, "doctor");
    expect(stderr).toMatch(/this is a bug in kmvm\nError: canary/);
    expect(status).toBe(3);
  },
  60_000,
);
