import { describe, expect, test } from "@jest/globals";
// eslint-disable-next-line @typescript-eslint/no-require-imports -- a reporter of jest is plain JavaScript
const { summary } = require("../../support/summary-reporter.cjs") as {
  summary(
    results: object,
    argv: string[],
    narrowed: boolean,
  ): { skipped: string[]; problems: string[]; passed: number; failed: number };
};

const file = (level: string, ...tests: [status: string, fullName: string][]) => ({
  displayName: { name: level },
  testResults: tests.map(([status, fullName]) => ({ status, fullName })),
});
const results = (files: object[], numPassedTests: number, numFailedTests = 0, numRuntimeErrorTestSuites = 0) => ({
  testResults: files,
  numPassedTests,
  numFailedTests,
  numRuntimeErrorTestSuites,
});

describe("the summary of a test run", () => {
  test("lists what was skipped, with the reason in its name", () => {
    const run = results([file("vm", ["passed", "boots"], ["pending", "reboots (skipped: no QEMU)"])], 1);
    expect(summary(run, [], false)).toEqual({
      skipped: ["reboots (skipped: no QEMU)"],
      problems: [],
      passed: 1,
      failed: 0,
    });
  });

  test("counts a file that could not be loaded as a failure", () => {
    expect(summary(results([file("unit")], 0, 0, 1), [], false)).toMatchObject({ problems: [], failed: 1 });
  });

  test("fails when nothing was run", () => {
    expect(summary(results([], 0), [], false)).toMatchObject({ problems: ["no test was run"], failed: 1 });
  });

  test("fails when a level that was asked for ran nothing, unless the run was narrowed on purpose", () => {
    const run = results([file("unit", ["passed", "a"]), file("vm", ["pending", "b"])], 1);
    const argv = ["jest", "--runInBand", "--selectProjects", "unit", "vm"];
    expect(summary(run, argv, false)).toMatchObject({ problems: ["no test of level vm was run"], failed: 1 });
    expect(summary(run, argv, true)).toMatchObject({ problems: [], failed: 0 });
  });
});
