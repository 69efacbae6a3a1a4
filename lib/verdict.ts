import type { ConsolePattern } from "./console-patterns";
import { counted } from "./counted";
import type { GuestStatus } from "./guest-status";
import type { Device, Phase } from "./run-request";
import type { Step, TestCase, Verdict } from "./run-result";

/** How a run came to its end. */
export type RunEnd =
  /** The unit in the guest ended, one way or another. */
  | { readonly kind: "finished"; readonly status: GuestStatus }
  /** The kernel of the guest said that it cannot go on. */
  | { readonly kind: "console"; readonly finding: ConsolePattern["kind"]; readonly line: string }
  /** Nothing was heard from the guest, on no way, for `seconds`. */
  | { readonly kind: "hang"; readonly seconds: number; readonly state?: string }
  /** The guest was reset in the middle of the run; by now it answers again, or not yet. */
  | { readonly kind: "reboot"; readonly answers: boolean }
  /** The guest should have ended the run itself and has not. */
  | { readonly kind: "deadline"; readonly seconds: number }
  | { readonly kind: "cancelled"; readonly by: string }
  /** Something else than the tests: `reason` is the one word of it. */
  | { readonly kind: "infra"; readonly reason: string; readonly message: string };

export interface Evidence {
  readonly end: RunEnd;
  readonly steps: readonly Step[];
  readonly cases: readonly TestCase[];
  /** Whether the cases come from files of the tests, not from their exit codes. */
  readonly hasResultFiles: boolean;
  /** Directories that left result files without a single test in them. @default none */
  readonly withoutTests?: readonly string[];
  /** Whether all that the guest has was brought home. */
  readonly complete: boolean;
  readonly device: Device;
  /** @default all */
  readonly phase?: Phase | undefined;
  /** Seconds that the run may take. */
  readonly runLimit: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly message: string;
  readonly failedStep?: string;
}

const consoleMessages: Record<ConsolePattern["kind"], string> = {
  panic: "the guest's kernel panicked",
  oops: "the guest's kernel crashed (oops)",
  bug: "the guest's kernel found a bug in itself",
  "hard-lockup": "a processor of the guest is locked up",
  "soft-lockup": "a processor of the guest is stuck",
  oom: "the guest is out of memory",
  "hung-task": "a task of the guest hangs",
  "rcu-stall": "a processor of the guest stalls",
  mount: "the guest lost its root file system",
};

const titleOf = ({ name, directory }: Step) => (directory === undefined ? name : `${name} ${directory}`);
const failing = (step: Step) => step.exitCode !== undefined && step.exitCode !== 0;
const running = (step: Step) => step.endedAt === undefined;

const infra = (reason: string, message: string, failedStep?: string): Judgement => ({
  verdict: "infra",
  reason,
  message,
  ...(failedStep === undefined ? {} : { failedStep }),
});

function timeout(evidence: Evidence): Judgement {
  const step = evidence.steps.find(running);
  const where = step ? ` in step ${titleOf(step)}` : "";
  return {
    verdict: "timeout",
    reason: "timeout",
    message: `the run was ended after ${evidence.runLimit} s${where}`,
    ...(step ? { failedStep: titleOf(step) } : {}),
  };
}

/** What it says of the tests that a step before them failed. */
const stepFailures: Record<string, (step: Step, device: Device) => Judgement | undefined> = {
  source: (step) => infra("source", "the source could not be put in place in the guest", titleOf(step)),
  // The module under test is what /dev/kkm is about; /dev/kvm is the machine's to offer.
  device: (step, device) =>
    device === "/dev/kkm"
      ? { verdict: "fail", reason: "kkm", message: "the kkm module did not pass", failedStep: titleOf(step) }
      : infra("device", `${device} is not usable in the guest`, titleOf(step)),
  registry: (step) => infra("registry", "the login to the registry failed", titleOf(step)),
  pull: (step) => infra("pull", "the container images could not be pulled", titleOf(step)),
};

function failedTests(evidence: Evidence): Judgement | undefined {
  const failedSteps = evidence.steps.filter((step) => step.name === "test" && failing(step));
  const failedCases = evidence.cases.filter((one) => one.outcome === "failed");
  const [first] = failedSteps;
  if (!first && failedCases.length === 0) return undefined;
  const names = failedCases.slice(0, 3).map((one) => one.name);
  const more = failedCases.length > names.length ? ` and ${failedCases.length - names.length} more` : "";
  const cases = evidence.hasResultFiles && names.length > 0 ? `: ${names.join(", ")}${more}` : "";
  const where = failedSteps.map((step) => step.directory ?? "").filter(Boolean);
  return {
    verdict: "fail",
    reason: "tests",
    message: `tests failed${where.length > 0 ? ` in ${where.join(", ")}` : ""}${cases}`,
    ...(first ? { failedStep: titleOf(first) } : {}),
  };
}

function ofFinished(evidence: Evidence, status: GuestStatus): Judgement {
  if (status.phase === "interrupted")
    return infra("interrupted", `the run in the guest was ended from outside (${status.result || "unknown"})`);
  if (status.result === "timeout") return timeout(evidence);
  for (const step of evidence.steps.filter(failing)) {
    const judgement = stepFailures[step.name]?.(step, evidence.device);
    if (judgement) return judgement;
  }
  const failure = failedTests(evidence);
  if (failure) return failure;
  if (status.exitCode !== 0)
    return infra(
      "guest",
      `the run in the guest ended with exit code ${status.exitCode ?? "unknown"}, no step says why`,
    );
  if (evidence.steps.length === 0) return infra("guest", "the guest says that all passed, but has no record of a step");
  if (evidence.phase === "prepare") return { verdict: "pass", reason: "tests", message: "the machine is set up" };
  if (!evidence.steps.some(({ name }) => name === "test"))
    return infra("guest", "the guest says that all passed, but ran no test");
  // A filter that matches nothing, or a runner of tests that found none: nothing was tested, whatever make says.
  if (evidence.withoutTests && evidence.withoutTests.length > 0)
    return {
      verdict: "fail",
      reason: "no-tests",
      message: `${evidence.withoutTests.join(", ")} left result files, but there is no test in them`,
    };
  // A failed case may be in what did not come.
  if (!evidence.complete) return infra("evidence", "all ended well, but the results could not be brought home whole");
  return { verdict: "pass", reason: "tests", message: passMessage(evidence) };
}

function passMessage({ cases, hasResultFiles, steps }: Evidence): string {
  if (!hasResultFiles)
    return `${counted(steps.filter((step) => step.name === "test").length, "directory", "directories")} passed`;
  const passed = cases.filter((one) => one.outcome === "passed").length;
  const skipped = cases.filter((one) => one.outcome === "skipped").length;
  return `${counted(passed, "test")} passed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** What became of a run. Pure. */
export function judge(evidence: Evidence): Judgement {
  const { end } = evidence;
  switch (end.kind) {
    case "cancelled":
      return { verdict: "cancelled", reason: "cancelled", message: `cancelled: ${end.by}` };
    case "console":
      return infra(end.finding, consoleMessages[end.finding]);
    case "hang": {
      const state = end.state && end.state !== "running" ? `; QEMU says that it is ${end.state}` : "";
      return infra("hang", `the guest hangs: nothing on log, console and ssh for ${end.seconds} s${state}`);
    }
    case "reboot":
      return infra("reboot", "the guest rebooted in the middle of the run");
    case "deadline":
      return timeout({ ...evidence, runLimit: end.seconds });
    case "infra":
      return infra(end.reason, end.message);
    case "finished":
      return ofFinished(evidence, end.status);
  }
}
