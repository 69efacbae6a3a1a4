import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../lib/errors";
import { systemClock, type Clock } from "../lib/retry";
import { injectNmi, registers, runState } from "../provider/qemu/diagnostics";
import type { ConsoleWatch } from "./console-watch";

/** A wait that took so much longer than asked for, milliseconds: this host slept, or its clock was set. */
const lostMs = 5000;

/**
 * Resolves when none of the sources has shown progress for `seconds`, in which this host was awake; never, once aborted.
 * @param lastProgress when each did, milliseconds since the epoch
 */
export async function untilHang(
  seconds: number,
  lastProgress: readonly (() => number)[],
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  let since = clock.now();
  while (!signal.aborted) {
    const now = clock.now();
    const last = Math.max(since, ...lastProgress.map((at) => at()));
    const left = last + seconds * 1000 - now;
    if (left <= 0) return;
    const pause = Math.min(left, 500);
    await clock.sleep(pause);
    if (clock.now() - now > pause + lostMs) since = clock.now();
  }
  return new Promise<void>(() => undefined);
}

export interface HangFindings {
  /** QEMU's word for the machine's state: running, paused, … */
  readonly state?: string;
  readonly warnings: string[];
}

/** Asks a provider to interrupt a guest that does not answer, for backtraces on its console. @returns warnings */
export async function interruptHang(console: ConsoleWatch, say: (line: string) => void): Promise<string[]> {
  try {
    const sent = Date.now();
    if (!(await console.interrupt())) return [];
    say("the guest was interrupted, for backtraces on its console");
    await console.settle(sent);
    return [];
  } catch (error) {
    return [`interrupt: ${messageOf(error)}`];
  }
}

/** Asks QEMU about a guest that does not answer: its state, its registers, and backtraces on its console by an NMI. */
export async function examineHang(
  qemuFolder: string,
  evidence: string,
  console: ConsoleWatch | undefined,
): Promise<HangFindings> {
  const warnings: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      warnings.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const state = await attempt("QEMU's state of the machine", () => runState(qemuFolder));
  await attempt("registers", async () => {
    await writeFile(join(evidence, "registers.txt"), await registers(qemuFolder));
  });
  await attempt("NMI", () => injectNmi(qemuFolder));
  await systemClock.sleep(1000);
  await console?.settle();
  return { ...(state === undefined ? {} : { state }), warnings };
}
