import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { followNextLog } from "../../../cli/evidence";
import { chosenRun } from "../../../cli/shown-log";
import { makeEvidenceFolder } from "../../../runner/evidence-folder";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "followed-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const newRun = () => makeEvidenceFolder(root, "s");

function follow() {
  let shown = "";
  const log = followNextLog(root, "s", (chunk) => (shown += chunk.toString()));
  return { log, shown: () => shown };
}

describe("the log of the next run", () => {
  test("is shown as it grows, and an earlier one is not", async () => {
    writeFileSync(join((await newRun()).path, "test.log"), "old\n");
    const { log, shown } = follow();
    const { path } = await newRun();
    writeFileSync(join(path, "test.log"), "one\n");
    await new Promise((resolve) => setTimeout(resolve, 120));
    appendFileSync(join(path, "test.log"), "two\n");
    expect(await log.finish()).toEqual([]);
    expect(log.folder()).toBe(path);
    expect(shown()).toBe("one\ntwo\n");
  });

  test("is noticed when the folder of the last run was removed, whose number it has", async () => {
    await newRun();
    rmSync((await newRun()).path, { recursive: true });
    const { log, shown } = follow();
    const { path, shown: name } = await newRun();
    writeFileSync(join(path, "test.log"), "one\n");
    expect(await log.finish()).toEqual([]);
    expect([name, shown()]).toEqual(["runs/s/2", "one\n"]);
  });

  test("that cannot be read is a warning, and its run is still known", async () => {
    const { log } = follow();
    const { path } = await newRun();
    mkdirSync(join(path, "test.log"));
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(await log.finish()).toEqual([expect.stringMatching(/^the log could not be shown to its end: EISDIR/)]);
    expect(log.folder()).toBe(path);
  });
});

test("the newest run is the newest that is there", async () => {
  const { path } = await newRun();
  rmSync((await newRun()).path, { recursive: true });
  expect(chosenRun(root, "s", undefined)).toBe(path);
});
