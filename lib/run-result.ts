import { z } from "zod";
import { ExitCode } from "./errors";
import type { RunRequest } from "./run-request";

export const verdicts = ["pass", "fail", "timeout", "infra", "cancelled"] as const;
export type Verdict = (typeof verdicts)[number];

/** What each verdict means to a caller of `kmvm test`. */
export const exitCodeOf: Record<Verdict, ExitCode> = {
  pass: ExitCode.Pass,
  fail: ExitCode.TestsFailed,
  timeout: ExitCode.TestsFailed,
  infra: ExitCode.Infrastructure,
  cancelled: ExitCode.Interrupted,
};

export const testCaseSchema = z.object({
  suite: z.string(),
  name: z.string(),
  outcome: z.enum(["passed", "failed", "skipped"]),
  seconds: z.number().optional(),
  message: z.string().optional(),
});
export type TestCase = z.infer<typeof testCaseSchema>;

export const stepSchema = z.object({
  name: z.string(),
  /** The directory that the step ran for, where there is one. */
  directory: z.string().optional(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  exitCode: z.number().optional(),
  /** Why the step did nothing. */
  skipped: z.string().optional(),
});
export type Step = z.infer<typeof stepSchema>;

export const spanSchema = z.object({ name: z.string(), startMs: z.number(), endMs: z.number() });
export type Span = z.infer<typeof spanSchema>;

/** What the tests ran in. */
const runMachineSchema = z.object({
  id: z.string(),
  /** Version of its image, resolved once when the machine was made: the promoted one may be another by now. */
  imageVersion: z.string(),
  accelerator: z.string(),
});

/** result.json of the evidence, and the one JSON document on the runner's standard output. */
export const runResultSchema = z.object({
  schema: z.literal(1),
  stack: z.string(),
  runId: z.string(),
  attempt: z.number(),
  /** Absent in evidence of versions that did not record it. */
  machine: runMachineSchema.optional(),
  verdict: z.enum(verdicts),
  /** One word for what decided the verdict: tests, panic, hang, reboot, boot, host-key, connection, image, disk-full, … */
  reason: z.string(),
  /** One sentence for a person. */
  message: z.string(),
  /** The step that failed, where one did. */
  failedStep: z.string().optional(),
  cases: z.array(testCaseSchema),
  steps: z.array(stepSchema),
  /** Lines of the console that decided or explain the verdict. */
  consoleExcerpt: z.array(z.string()),
  /** Things worth knowing that did not decide: limits reached, evidence that could not be had. */
  warnings: z.array(z.string()),
  /** Folder of the evidence, relative to the checkout. */
  evidence: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  spans: z.array(spanSchema),
});
export type RunResult = z.infer<typeof runResultSchema>;

/** The part of a result that is known before the run. Pure. */
export function resultHead({
  stack,
  runId,
  attempt,
  machine: { id, imageVersion, accelerator },
}: RunRequest): Pick<RunResult, "schema" | "stack" | "runId" | "attempt" | "machine"> {
  return { schema: 1, stack, runId, attempt, machine: { id, imageVersion, accelerator } };
}
