import { join } from "node:path";
import { messageOf } from "../lib/errors";
import { systemClock } from "../lib/retry";
import type { RunRequest } from "../lib/run-request";
import { resultHead, type RunResult, type Span, type Step } from "../lib/run-result";
import { sanitizeLines } from "../lib/sanitize";
import { timeLimit } from "../lib/time-limit";
import { judge, type RunEnd } from "../lib/verdict";
import { Cancelled } from "./cancel";
import { collect, type Collected } from "./collect";
import { openContext, type RunContext, type RunSurroundings } from "./context";
import type { Delivery } from "./delivery";
import { writeWhole } from "./evidence-folder";
import { examineHang, interruptHang } from "./hang";
import { endOfFailure } from "./infra-ends";
import type { MachineMemory } from "./machine-memory";
import { casesOfSteps, readCases, readSteps } from "./results";
import { talk, type Talk } from "./talk";
import { writeEvidence } from "./write-evidence";

interface Ending {
  readonly end: RunEnd;
  readonly delivery?: Delivery;
  readonly warnings: readonly string[];
}

async function consoleEnd({ console: watched }: RunContext): Promise<RunEnd> {
  if (!watched) return new Promise<never>(() => undefined);
  const { kind, line } = await watched.watch.fatal;
  await watched.watch.settle();
  return { kind: "console", finding: kind, line };
}

const cancelEnd = (cancel: AbortSignal) =>
  new Promise<RunEnd>((resolve) => {
    const onAbort = () => {
      resolve({ kind: "cancelled", by: cancel.reason instanceof Cancelled ? cancel.reason.message : "interrupted" });
    };
    if (cancel.aborted) onAbort();
    else cancel.addEventListener("abort", onAbort, { once: true });
  });

/**
 * Ends that a crash of the guest's kernel brings about, and that its last words on the console explain better; and how
 * long these may take to get there, milliseconds. A guest that told how the run has finished had said them by then.
 */
const lastWordsMs: Partial<Record<RunEnd["kind"], number>> = { finished: 0, reboot: 250, infra: 250 };

/** What ends the run: whichever comes first. */
async function awaitEnd(context: RunContext): Promise<Ending> {
  const stop = new AbortController();
  let talked: Talk | undefined;
  const talking = talk(context, stop.signal).then(
    (result) => {
      talked = result;
      return result.end;
    },
    (error: unknown) => endOfFailure(error),
  );
  const crash = consoleEnd(context);
  let end = await Promise.race([talking, crash, cancelEnd(context.cancel)]);
  const waitMs = lastWordsMs[end.kind];
  if (context.console && waitMs !== undefined)
    end = await Promise.race([
      crash,
      systemClock
        .sleep(waitMs)
        .then(() => context.console?.watch.caughtUp())
        // An alarm that has been seen counts, also while its last words are still awaited.
        .then(() => (context.console?.watch.alarmed ? crash : end)),
    ]);
  stop.abort();
  const losses = talked?.losses ?? 0;
  return {
    end,
    ...(talked ? { delivery: talked.delivery } : {}),
    warnings: losses > 0 ? [`the connection was lost ${losses} times`] : [],
  };
}

/** Milliseconds that bringing home the guest's files may take, by what ended the run; none: it is not asked. */
function collectTime(end: RunEnd): number | undefined {
  switch (end.kind) {
    case "hang":
      return undefined;
    case "console":
      return end.finding === "panic" || end.finding === "hard-lockup" ? undefined : 2500;
    case "cancelled":
      return 8000;
    case "reboot":
      return end.answers ? 120_000 : undefined;
    case "finished":
    case "deadline":
    case "infra":
      return 120_000;
  }
}

const artifacts = (context: RunContext) => join(context.evidence.path, "artifacts");

/** A limit of time, shortened when the run is cancelled meanwhile. */
function boundedBy(timeMs: number, cancel: AbortSignal): AbortSignal {
  const shortened = new AbortController();
  const shorten = () => {
    setTimeout(() => {
      shortened.abort(new Error("cancelled"));
    }, 5000).unref();
  };
  if (!cancel.aborted) cancel.addEventListener("abort", shorten, { once: true });
  return timeLimit(timeMs, shortened.signal);
}

async function bringHome(context: RunContext, end: RunEnd): Promise<Collected> {
  const timeMs = collectTime(end);
  const connection = context.link.current;
  if (timeMs === undefined || connection === undefined) return { files: [], complete: false, warnings: [] };
  const signal = boundedBy(timeMs, context.cancel);
  if (end.kind === "cancelled" || end.kind === "deadline")
    await connection.run("systemctl stop --no-block kmvm-test", { signal }).catch(() => undefined);
  const { artifactsMiB } = context.request.limits;
  const folder = artifacts(context);
  return context.timeline.measure(
    "collect",
    collect({ connection, folder, artifactsMiB, redactor: context.redactor, signal }),
  );
}

/** What an end is explained by, beside its message. */
function excerptOf({ console: watched }: RunContext, end: RunEnd): string[] {
  if (!watched) return [];
  const explains = end.kind === "infra" ? !["source", "pull", "registry"].includes(end.reason) : true;
  const quiet = end.kind === "finished" || end.kind === "cancelled" || end.kind === "deadline";
  return explains && !quiet ? watched.watch.excerpt() : [];
}

const spanOfStep = ({ name, directory, startedAt, endedAt }: Step): Span[] =>
  endedAt === undefined
    ? []
    : [{ name: `step ${name}${directory ? ` ${directory}` : ""}`, startMs: startedAt, endMs: endedAt }];

/** Judges, and puts everything together. */
async function resultOf(
  context: RunContext,
  end: RunEnd,
  collected: Collected,
  warnings: readonly string[],
): Promise<RunResult> {
  const { request, evidence, redactor, timeline, console: watched } = context;
  const folder = artifacts(context);
  const steps = await readSteps(folder);
  const found = await readCases(folder, collected.files, request.directories);
  const cases = [...found.cases, ...casesOfSteps(steps, request.target, found)];
  const { hasResultFiles, withoutTests } = found;
  const judgement = judge({
    end,
    steps,
    cases,
    hasResultFiles,
    withoutTests,
    complete: collected.complete,
    device: request.device,
    phase: request.phase,
    runLimit: request.limits.run,
  });
  const alarms = (watched?.watch.warnings ?? []).map(({ kind, line }) => `console: ${kind}: ${line}`);
  const spans = [...timeline.all(), ...steps.flatMap(spanOfStep)];
  const result: RunResult = {
    ...resultHead(request),
    ...judgement,
    message: sanitizeLines(judgement.message),
    cases,
    steps,
    consoleExcerpt: excerptOf(context, end),
    warnings: [...warnings, ...collected.warnings, ...found.warnings, ...alarms],
    evidence: evidence.shown,
    startedAt: context.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    spans: spans.sort((a, b) => a.startMs - b.startMs),
  };
  // The guest's words are in it: cases, steps, console.
  return JSON.parse(redactor.text(JSON.stringify(result))) as RunResult;
}

function memoryAfter({ request, console: watched }: RunContext, delivery: Delivery | undefined): MachineMemory {
  const trees = [...(delivery?.send ?? []), ...(delivery?.reuse ?? [])];
  return {
    machineId: request.machine.id,
    consoleOffset: watched?.watch.position() ?? 0,
    trees: Object.fromEntries(trees.map(({ place, staged }) => [place, staged.key])),
  };
}

export interface RunOutcome {
  readonly result: RunResult;
  /** What the next run in the same machine finds there. */
  readonly memory: MachineMemory;
}

/** One run in one machine, from its request to its result, with the evidence on disk. Fails only without evidence. */
export async function runInMachine(request: RunRequest, surroundings: RunSurroundings): Promise<RunOutcome> {
  const context = await openContext(request, surroundings);
  const { evidence, timeline, log, live, link, console: watched, redactor, say } = context;
  timeline.begin("runner", performance.timeOrigin)();
  say(`evidence: ${evidence.shown}`);
  const warnings: string[] = [];
  const settings = redactor.text(JSON.stringify(request.shownSettings, null, 2));
  await writeWhole(join(evidence.path, "settings.json"), `${settings}\n`).catch((error: unknown) => {
    warnings.push(`settings.json could not be written: ${messageOf(error)}`);
  });

  const ending = await awaitEnd(context);
  warnings.push(...ending.warnings);
  let { end } = ending;
  const { qemuFolder } = request.machine;
  if (end.kind === "hang" && qemuFolder !== undefined) {
    say(`nothing heard for ${end.seconds} s: asking QEMU, and the guest for backtraces by an NMI`);
    const { state, warnings: found } = await examineHang(qemuFolder, evidence.path, watched?.watch);
    warnings.push(...found);
    if (state !== undefined) end = { ...end, state };
  } else if (end.kind === "hang" && watched) warnings.push(...(await interruptHang(watched.watch, say)));
  const collected = await bringHome(context, end);
  link.close();
  warnings.push(...(await log.end()));
  live.end();
  if (watched) {
    await watched.watch.stop();
    warnings.push(...watched.watch.troubles(), ...(await watched.file.end()));
  }
  const result = await resultOf(context, end, collected, warnings);
  const problems = await writeEvidence(evidence.path, result);
  const memory = memoryAfter(context, ending.delivery);
  await context.remember(memory).catch(() => undefined);
  for (const problem of problems) say(problem);
  return { result: { ...result, warnings: [...result.warnings, ...problems] }, memory };
}
