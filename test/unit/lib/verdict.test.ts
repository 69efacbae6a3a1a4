import { describe, expect, test } from "@jest/globals";
import { parseSteps, type GuestStatus } from "../../../lib/guest-status";
import type { Step, TestCase } from "../../../lib/run-result";
import { judge, type Evidence, type RunEnd } from "../../../lib/verdict";

const step = (name: string, exitCode?: number, directory?: string): Step => ({
  name,
  startedAt: 1,
  ...(exitCode === undefined ? {} : { endedAt: 2, exitCode }),
  ...(directory === undefined ? {} : { directory }),
});
const finished = (exitCode: number | null, more: Partial<GuestStatus> = {}): RunEnd => ({
  kind: "finished",
  status: { runId: "r", attempt: 1, phase: "finished", bootId: "b", exitCode, result: "success", logBytes: 0, ...more },
});
const before = [step("source", 0), step("device", 0), step("registry", 0), step("pull", 0, "d")];
const failedCase: TestCase = { suite: "d", name: "case one", outcome: "failed" };
const passedCase: TestCase = { suite: "d", name: "case two", outcome: "passed" };

const rows: [string, Partial<Evidence> & { end: RunEnd }, string, string, (string | undefined)?][] = [
  ["all passed", { end: finished(0), steps: [...before, step("test", 0, "d")] }, "pass", "tests"],
  [
    "all passed, as far as it was brought home",
    { end: finished(0), steps: [...before, step("test", 0, "d")], complete: false },
    "infra",
    "evidence",
  ],
  [
    "a step failed, which is known although not all was brought home",
    { end: finished(1), steps: [...before, step("test", 2, "d")], complete: false },
    "fail",
    "tests",
    "test d",
  ],
  ["a test step failed", { end: finished(1), steps: [...before, step("test", 2, "d")] }, "fail", "tests", "test d"],
  [
    "a case failed although make said that all was well",
    {
      end: finished(0),
      steps: [...before, step("test", 0, "d")],
      cases: [passedCase, failedCase],
      hasResultFiles: true,
    },
    "fail",
    "tests",
  ],
  [
    "result files without a test",
    { end: finished(0), steps: [...before, step("test", 0, "d")], hasResultFiles: true, withoutTests: ["d"] },
    "fail",
    "no-tests",
  ],
  ["source failed", { end: finished(3), steps: [step("source", 1)] }, "infra", "source", "source"],
  [
    "registry failed",
    { end: finished(3), steps: [step("source", 0), step("registry", 1)] },
    "infra",
    "registry",
    "registry",
  ],
  ["pull failed", { end: finished(3), steps: [step("pull", 1, "d")] }, "infra", "pull", "pull d"],
  ["no /dev/kvm", { end: finished(3), steps: [step("device", 1)] }, "infra", "device", "device"],
  ["kkm does not build", { end: finished(3), steps: [step("device", 1)], device: "/dev/kkm" }, "fail", "kkm", "device"],
  [
    "a pull fails behind failed tests",
    { end: finished(3), steps: [...before, step("test", 1, "d"), step("pull", 1, "e")] },
    "infra",
    "pull",
    "pull e",
  ],
  [
    "the guest ended it for its time",
    { end: finished(null, { result: "timeout" }), steps: [...before, step("test", undefined, "d")] },
    "timeout",
    "timeout",
    "test d",
  ],
  ["the guest did not end it in time", { end: { kind: "deadline", seconds: 90 } }, "timeout", "timeout"],
  ["ended from outside", { end: finished(null, { phase: "interrupted", result: "signal" }) }, "infra", "interrupted"],
  ["exit without a reason", { end: finished(1), steps: before }, "infra", "guest"],
  ["success without a test", { end: finished(0), steps: before }, "infra", "guest"],
  ["set up, the tests follow", { end: finished(0), steps: before, phase: "prepare" }, "pass", "tests"],
  ["not set up", { end: finished(3), steps: [step("source", 1)], phase: "prepare" }, "infra", "source", "source"],
  ["success without a step", { end: finished(0), steps: [] }, "infra", "guest"],
  ["panic", { end: { kind: "console", finding: "panic", line: "x" }, cases: [failedCase] }, "infra", "panic"],
  ["oops", { end: { kind: "console", finding: "oops", line: "x" } }, "infra", "oops"],
  ["hang", { end: { kind: "hang", seconds: 120 } }, "infra", "hang"],
  ["reboot", { end: { kind: "reboot", answers: false } }, "infra", "reboot"],
  ["cancelled", { end: { kind: "cancelled", by: "interrupt" }, cases: [failedCase] }, "cancelled", "cancelled"],
  ["other", { end: { kind: "infra", reason: "host-key", message: "m" } }, "infra", "host-key"],
];

describe("the verdict", () => {
  test.each(rows.map((row) => ({ what: row[0], row })))(
    "$what",
    ({ row: [, evidence, verdict, reason, failedStep] }) => {
      const judgement = judge({
        steps: before,
        cases: [],
        hasResultFiles: false,
        complete: true,
        device: "/dev/kvm",
        runLimit: 60,
        ...evidence,
      });
      expect(judgement).toMatchObject({ verdict, reason });
      expect(judgement.failedStep).toBe(failedStep);
    },
  );

  test("names failed cases and where", () => {
    const cases = ["a", "b", "c", "d", "e"].map((name) => ({ ...failedCase, name }));
    const steps = [...before, step("test", 1, "payloads/node")];
    const evidence: Evidence = {
      end: finished(1),
      steps,
      cases,
      hasResultFiles: true,
      complete: true,
      device: "/dev/kvm",
      runLimit: 1,
    };
    expect(judge(evidence).message).toBe("tests failed in payloads/node: a, b, c and 2 more");
  });
});

describe("the record of steps", () => {
  test("cannot drive a terminal, nor fill a page", () => {
    const [one] = parseSteps(
      JSON.stringify({ name: "test", directory: `\u001b]52;c;eA==\u0007${"d".repeat(1000)}`, startedAt: 1 }),
    );
    expect(one?.directory).toMatch(/^d{200,300}$/);
  });

  test("joins begin and end, per directory, and leaves out what is none", () => {
    const lines = [
      '{"name":"source","startedAt":10}',
      '{"name":"source","endedAt":20,"exitCode":0}',
      "rubbish",
      '{"name":1}',
      '{"name":"pull","directory":"a","startedAt":30}',
      '{"name":"pull","directory":"a","startedAt":30,"endedAt":31,"exitCode":0,"skipped":"no registry"}',
      '{"name":"pull","directory":"b","startedAt":40}',
    ];
    expect(parseSteps(lines.join("\n"))).toEqual([
      { name: "source", startedAt: 10, endedAt: 20, exitCode: 0 },
      { name: "pull", directory: "a", startedAt: 30, endedAt: 31, exitCode: 0, skipped: "no registry" },
      { name: "pull", directory: "b", startedAt: 40 },
    ]);
  });
});
