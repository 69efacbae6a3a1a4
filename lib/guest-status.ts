import { z } from "zod";
import { stepSchema, type Step } from "./run-result";
import { sanitizeText } from "./sanitize";

/** How a run stands, as the guest says: the one line of JSON of scripts/guest/test/status. */
export const guestStatusSchema = z.object({
  runId: z.string(),
  attempt: z.number(),
  /** interrupted: it ran, and has ended without a record of its end. */
  phase: z.enum(["none", "running", "finished", "interrupted"]),
  /** Another one: the guest has been reset. */
  bootId: z.string(),
  exitCode: z.number().nullable(),
  /** systemd's own word: success, exit-code, timeout, oom-kill, signal, … */
  result: z.string(),
  logBytes: z.number(),
});
export type GuestStatus = z.infer<typeof guestStatusSchema>;

/** Words of the guest, safe to show. */
const words = z.string().transform((text) => sanitizeText(text.slice(0, 300)));

/** The line at a step's end need not repeat when it began. */
const lineSchema = stepSchema
  .extend({ name: words, directory: words.optional(), skipped: words.optional() })
  .partial({ startedAt: true });

/**
 * The steps of a steps.jsonl, in order. Each has a line at its begin and another at its end; lines that are none, for a
 * guest may write anything, are left out.
 */
export function parseSteps(jsonl: string): Step[] {
  const steps: Step[] = [];
  for (const line of jsonl.split("\n").slice(0, 2000)) {
    const parsed = lineSchema.safeParse(jsonOf(line));
    if (!parsed.success) continue;
    const { startedAt, ...step } = parsed.data;
    const begun = steps.findIndex(
      (one) => one.name === step.name && one.directory === step.directory && one.endedAt === undefined,
    );
    const since = steps[begun]?.startedAt ?? startedAt ?? step.endedAt ?? 0;
    if (step.endedAt === undefined || begun < 0) steps.push({ ...step, startedAt: since });
    else steps[begun] = { ...step, startedAt: since };
  }
  return steps;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
