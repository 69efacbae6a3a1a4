import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Step } from "../../../lib/run-result";
import { judge } from "../../../lib/verdict";
import { casesOfSteps, readCases } from "../../../runner/results";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "results-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * What is made of a run.
 * @param files by their path below run/results
 * @param exitCodes of make, by directory
 */
async function outcome(files: Record<string, string>, exitCodes: Record<string, number> = { a: 0, b: 0 }) {
  const paths = Object.entries(files).map(([name, content]) => {
    const path = join("run", "results", name);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    return path;
  });
  const steps: Step[] = Object.entries(exitCodes).map(([directory, exitCode]) => ({
    ...{ name: "test", directory, startedAt: 1, endedAt: 2, exitCode },
  }));
  const found = await readCases(folder, paths, Object.keys(exitCodes));
  const cases = [...found.cases, ...casesOfSteps(steps, "test", found)];
  const exitCode = Object.values(exitCodes).find((code) => code !== 0) ?? 0;
  const judgement = judge({
    end: {
      kind: "finished",
      status: {
        ...{ runId: "r", attempt: 1, phase: "finished", bootId: "b", result: "success" },
        exitCode,
        logBytes: 0,
      },
    },
    ...{ steps, cases, complete: true, device: "/dev/kvm", runLimit: 60 },
    ...{ hasResultFiles: found.hasResultFiles, withoutTests: found.withoutTests },
  });
  return { judgement, names: cases.map(({ suite, name, outcome }) => `${suite}: ${name}: ${outcome}`) };
}

describe("a run whose directories left", () => {
  test("no result files has a case for each, by make's exit code", async () => {
    const { judgement, names } = await outcome({});
    expect(judgement).toMatchObject({ verdict: "pass", message: "2 directories passed" });
    expect(names).toEqual(["a: make test: passed", "b: make test: passed"]);
  });

  test.each([
    ["an empty suite", "x.xml", "<testsuite/>"],
    ["empty suites", "x.xml", '<testsuites><testsuite name="none" tests="0"></testsuite></testsuites>'],
    ["a plan of no test", "x.tap", "1..0\n"],
  ])("%s does not pass", async (_what, name, content) => {
    const { judgement, names } = await outcome({ [`1-a/${name}`]: content }, { a: 0 });
    expect(judgement).toEqual({
      verdict: "fail",
      reason: "no-tests",
      message: "a left result files, but there is no test in them",
    });
    expect(names).toEqual([]);
  });

  test("tests in one and none in another does not pass, and says which", async () => {
    const { judgement } = await outcome({ "1-a/x.tap": "1..1\nok 1 one\n", "2-b/x.tap": "1..0\n" });
    expect(judgement).toMatchObject({ verdict: "fail", reason: "no-tests" });
    expect(judgement.message).toMatch(/^b left/);
  });

  test("an empty file beside one with tests passes", async () => {
    const { judgement } = await outcome({ "1-a/x.tap": "1..1\nok 1 one\n", "1-a/y.xml": "<testsuite/>" }, { a: 0 });
    expect(judgement).toMatchObject({ verdict: "pass", message: "1 test passed" });
  });

  test("tests that are all skipped on purpose passes, and says so", async () => {
    const { judgement } = await outcome({ "1-a/x.tap": "1..0 # skip no device\n" }, { a: 0 });
    expect(judgement).toMatchObject({ verdict: "pass", message: "0 tests passed, 1 skipped" });
  });

  test("no test where make failed is a failure of that", async () => {
    const { judgement, names } = await outcome({ "1-a/x.tap": "1..0\n" }, { a: 2 });
    expect(judgement).toMatchObject({ verdict: "fail", reason: "tests", failedStep: "test a" });
    expect(names).toEqual(["a: make test: failed"]);
  });

  test("what is no result file, whatever its name, counts by make's exit code", async () => {
    const { judgement } = await outcome({ "1-a/x.xml": "<html></html>" }, { a: 0 });
    expect(judgement).toMatchObject({ verdict: "pass", message: "1 directory passed" });
  });
});
