import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";
import { identify } from "../../../lib/process";
import { retryUntil } from "../../../lib/retry";

describe(".ci/run, with a stand-in for npm", () => {
  let folder: string;
  /** Runs it, each npm script being the shell code given, "true" where there is none. */
  const run = (scripts: Record<string, string>) => {
    const cases = Object.entries(scripts).map(([name, code]) => `  "${name}") ${code} ;;`);
    writeFileSync(
      join(folder, "bin", "npm"),
      `#!/bin/sh\necho "$*" >>${folder}/calls\ncase "$*" in\n${cases.join("\n")}\nesac\n`,
      { mode: 0o755 },
    );
    const { status, stdout, stderr } = spawnSync(join(folder, ".ci", "run"), {
      env: { ...process.env, TMPDIR: join(folder, "tmp"), PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` },
      encoding: "utf8",
    });
    return { status, last: stdout.trim().split("\n").at(-1), stderr };
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kmvm-ci-test-"));
    for (const name of ["bin", "tmp", ".ci"]) mkdirSync(join(folder, name));
    cpSync(join(repositoryRoot(), ".ci", "run"), join(folder, ".ci", "run"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("runs everything in order and adds up what each says; what says nothing counts as one", () => {
    const { status, last } = run({
      test: "echo '10 passed, 0 failed'",
      "run test:torture -- --testPathIgnorePatterns torture/images": "echo '5 passed, 0 failed' >&2",
    });
    expect({ status, last }).toEqual({ status: 0, last: "20 passed, 0 failed" });
    expect(readFileSync(join(folder, "calls"), "utf8").trim().split("\n")).toEqual([
      ...["start", "run lint", "test", "run test:clouds", "run test:publish"],
      "run test:torture -- --testPathIgnorePatterns torture/images",
      "run test:torture -- --testPathPatterns torture/images",
    ]);
  });

  test("goes on after a failure and counts each", () => {
    const { status, last } = run({
      "run lint": "exit 1",
      test: "echo '10 passed, 2 failed'; exit 1",
      "run test:torture -- --testPathPatterns torture/images": "echo '5 passed, 0 failed'; exit 9",
    });
    expect({ status, last }).toEqual({ status: 1, last: "19 passed, 4 failed" });
  });

  test("has an empty $KMVM_HOME of its own, and removes it", () => {
    const { status } = run({ start: `ls -A "$KMVM_HOME" >${folder}/seen; touch "$KMVM_HOME/x"` });
    expect(status).toBe(0);
    expect(readFileSync(join(folder, "seen"), "utf8")).toBe("");
    expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  });

  test("ends what is left running, and counts that as a failure", async () => {
    const { status, last, stderr } = run({
      test: `setsid sh -c 'sleep 300; true' >/dev/null 2>&1 </dev/null & echo $! >${folder}/left`,
    });
    expect({ status, last }).toEqual({ status: 1, last: "7 passed, 1 failed" });
    expect(stderr).toContain("sleep 300");
    const left = Number(readFileSync(join(folder, "left"), "utf8"));
    // Killed is not gone yet: on a busy machine the kernel takes its time.
    await retryUntil({
      what: "the end of what was left",
      timeoutMs: 30_000,
      intervalMs: 50,
      attempt: () => Promise.resolve(identify(left) === undefined || undefined),
    });
  });
});
