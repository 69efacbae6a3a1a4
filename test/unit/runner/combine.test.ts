import { describe, expect, test } from "@jest/globals";
import type { RunRequest } from "../../../lib/run-request";
import type { RunResult, Verdict } from "../../../lib/run-result";
import { combineResults, type Part } from "../../../runner/combine";
import { nameOfPart } from "../../../runner/isolated";

const machine = { id: "m", imageVersion: "20260101.1-abc", accelerator: "tcg" };
const request = { stack: "test-ci-1", runId: "abcd", attempt: 1, machine } as RunRequest;

const part = (directory: string | undefined, verdict: Verdict, changes: Partial<RunResult> = {}): Part => ({
  directory,
  result: {
    ...{ schema: 1, stack: "test-ci-1", runId: "abcd-1", attempt: 1, verdict, reason: verdict, message: `${verdict}!` },
    ...{
      cases: [],
      steps: [],
      consoleExcerpt: [],
      warnings: [],
      evidence: "",
      startedAt: "",
      finishedAt: "",
      spans: [],
    },
    ...changes,
  },
});
const combine = (...parts: Part[]) => combineResults(request, "runs/x/1", new Date(0), parts, ["as a whole"]);

describe("the result of several directories", () => {
  test.each<[Verdict, Verdict[]]>([
    ["pass", ["pass", "pass"]],
    ["fail", ["pass", "fail"]],
    ["timeout", ["fail", "timeout"]],
    ["infra", ["timeout", "infra", "pass"]],
    ["cancelled", ["infra", "cancelled"]],
  ])("is %s for %s", (whole, verdicts) => {
    const parts = verdicts.map((verdict, index) => part(`d${index}`, verdict));
    expect(combine(part(undefined, "pass"), ...parts).verdict).toBe(whole);
  });

  test("is what the set-up came to, where that failed", () => {
    expect(combine(part(undefined, "infra", { message: "no boot" }))).toMatchObject({
      verdict: "infra",
      message: "no boot",
    });
  });

  test("counts the directories that did not pass, and names the first of the worst", () => {
    const whole = combine(part(undefined, "pass"), part("a", "fail"), part("b", "infra"), part("c", "pass"));
    expect(whole.message).toBe("2 of 3 directories did not pass; b: infra!");
  });

  test("has every case, step and warning, and says whose they are", () => {
    const one = { suite: "a", name: "n", outcome: "passed" } as const;
    const whole = combine(
      part(undefined, "pass", { steps: [{ name: "source", startedAt: 1 }] }),
      part("a", "pass", { cases: [one], warnings: ["odd"], spans: [{ name: "boot", startMs: 2, endMs: 3 }] }),
    );
    expect(whole).toMatchObject({
      runId: "abcd",
      machine,
      evidence: "runs/x/1",
      cases: [one],
      message: "1 test passed in 1 directory",
    });
    expect(whole.warnings).toEqual(["a: odd", "as a whole"]);
    expect(whole.spans.map(({ name }) => name)).toEqual(["a: boot"]);
    expect(whole.steps).toHaveLength(1);
  });
});

test.each([
  [0, ".", "1-root"],
  [1, "payloads/node", "2-payloads-node"],
  [9, "A very/long_name-of-a.directory", "10-name-of-a-directory"],
])("the part of directory %d, %s, is called %s", (index, directory, name) => {
  const actual = nameOfPart(index, directory);
  expect(actual).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  expect(actual.length).toBeLessThanOrEqual(20);
  if (name.length <= 18) expect(actual).toBe(name);
});
