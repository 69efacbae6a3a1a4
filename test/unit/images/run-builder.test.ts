import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { runBuilder } from "../../../provider/images/run-builder";

let folder: string;
let script: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "builder-"));
  script = join(folder, "build.sh");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const build = (text: string, logPath: string) => {
  writeFileSync(script, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return runBuilder(script, folder, logPath, () => undefined, new AbortController().signal);
};

// Where a host allows no namespaces, that is what is written, and what fails.
test("a build whose output cannot be written fails, and nothing else does", async () => {
  await expect(build("echo one; sleep 60", "/dev/full")).rejects.toMatchObject({ code: "ENOSPC" });
});

test("a build that fails has its output in the log when it says so", async () => {
  const path = join(folder, "build.log");
  await expect(build("echo one; exit 3", path)).rejects.toThrow(/^building the image failed/);
  expect(readFileSync(path, "utf8")).not.toBe("");
});
