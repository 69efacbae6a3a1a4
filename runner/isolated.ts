import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../lib/errors";
import { kmvmHome } from "../lib/paths";
import { makeRedactor } from "../lib/redact";
import type { RunRequest } from "../lib/run-request";
import { resultHead, type RunResult } from "../lib/run-result";
import { clonesAtOnce, putToRest, whyNotCloneable, type Original } from "../provider/qemu/clones";
import { CappedFile } from "./capped-file";
import { combineResults, type Part } from "./combine";
import type { RunSurroundings } from "./context";
import { makeEvidenceFolder, type EvidenceFolder } from "./evidence-folder";
import { recallMachine, rememberMachine, type MachineMemory } from "./machine-memory";
import { runInMachine } from "./run-in-machine";
import { secretsOf } from "./secrets";
import { writeEvidence } from "./write-evidence";

const mebibyte = 1024 * 1024;

/** A name for the folder of a part's evidence. */
export const nameOfPart = (index: number, directory: string): string =>
  `${index + 1}-${
    directory
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(-16) || "root"
  }`.replace(/-+/g, "-");

/** Does `work` for each item, `atOnce` at a time, in their order. */
async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T, index: number) => Promise<R>) {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

async function partFolder(whole: EvidenceFolder, name: string): Promise<EvidenceFolder> {
  const folder = { path: join(whole.path, name), shown: join(whole.shown, name) };
  await mkdir(folder.path, { recursive: true });
  return folder;
}

/** Of a directory that did not come to run. */
function notRun(request: RunRequest, evidence: string, verdict: "infra" | "cancelled", message: string): RunResult {
  const now = new Date().toISOString();
  return {
    ...resultHead(request),
    ...{ verdict, reason: verdict === "infra" ? "clone" : verdict, message },
    ...{ cases: [], steps: [], spans: [], consoleExcerpt: [], warnings: [], evidence, startedAt: now, finishedAt: now },
  };
}

/** The part of one directory, in a clone of its own. The clone is still there afterwards. */
async function runDirectory(
  original: Original,
  request: RunRequest,
  number: number,
  evidence: EvidenceFolder,
  memory: MachineMemory,
  surroundings: RunSurroundings,
): Promise<RunResult> {
  const { cancel } = surroundings;
  try {
    const { machine, hostKey } = await original.clone(number, { signal: cancel });
    const { id, address, port, consolePath, folder: qemuFolder } = machine;
    const own: RunRequest = {
      ...request,
      // Another run than the one that set the machine up, whose record the clone has.
      runId: `${request.runId}-${number}`,
      machine: { ...request.machine, id, address, port, hostKey, consolePath, qemuFolder },
      phase: "test",
    };
    const part = { evidence, memory: { ...memory, machineId: id } };
    return (await runInMachine(own, { ...surroundings, part })).result;
  } catch (error) {
    if (cancel.aborted) return notRun(request, evidence.shown, "cancelled", "cancelled before its machine was there");
    return notRun(request, evidence.shown, "infra", `no clone of the machine could be started: ${messageOf(error)}`);
  }
}

/** What is of the whole run: its folder, its log, its result. */
async function openWhole(request: RunRequest, { root, print }: RunSurroundings) {
  const startedAt = new Date();
  const evidence = await makeEvidenceFolder(root, request.stack);
  const log = await CappedFile.create({
    ...{ path: join(evidence.path, "test.log"), what: "log", redactor: makeRedactor(secretsOf(request)) },
    limitBytes: request.limits.logMiB * mebibyte,
  });
  return {
    evidence,
    /** Shows lines of a part, and puts those of its tests into the log. */
    printer: (prefix: string) => (line: string) => {
      print(`${prefix}${line}`);
      if (!line.startsWith("kmvm: ")) void log.write(Buffer.from(`${prefix}${line}\n`));
    },
    finish: async (parts: readonly Part[], warnings: readonly string[] = []): Promise<RunResult> => {
      const all = [...warnings, ...(await log.end())];
      const result = combineResults(request, evidence.shown, startedAt, parts, all);
      const problems = await writeEvidence(evidence.path, result);
      return { ...result, warnings: [...result.warnings, ...problems] };
    },
  };
}

/** All directories in the machine itself, and why. */
async function runTogether(request: RunRequest, surroundings: RunSurroundings, why: string): Promise<RunResult> {
  surroundings.print(`kmvm: all directories run in one machine, since no clones of it can be made: ${why}`);
  const { result } = await runInMachine({ ...request, isolate: "run" }, surroundings);
  return { ...result, warnings: [...result.warnings, `isolate directory could not be had: ${why}`] };
}

/**
 * A run whose directories each have a machine of their own: the machine is set up once, put to rest, and cloned for each
 * directory, some side by side. Afterwards it goes on where it was, so that it can be kept.
 */
export async function runIsolated(request: RunRequest, surroundings: RunSurroundings): Promise<RunResult> {
  const { cancel, print } = surroundings;
  const { directories, machine } = request;
  const home = kmvmHome();
  const whyNot = machine.qemuFolder === undefined ? "it is not a local one" : await whyNotCloneable(home, machine.id);
  if (whyNot !== undefined) return runTogether(request, surroundings, whyNot);

  const whole = await openWhole(request, surroundings);
  // Its console may tell of a panic that was before; its trees are put there anew.
  const before: MachineMemory = { ...(await recallMachine(surroundings.root, request.stack, machine.id)), trees: {} };
  const { result, memory } = await runInMachine(
    { ...request, phase: "prepare" },
    {
      ...surroundings,
      print: whole.printer(""),
      part: { evidence: await partFolder(whole.evidence, "setup"), memory: before },
    },
  );
  await rememberMachine(surroundings.root, request.stack, memory).catch(() => undefined);
  const setup: Part = { directory: undefined, result };
  if (result.verdict !== "pass") return whole.finish([setup]);

  let original: Original;
  try {
    original = await putToRest(home, machine.id, { signal: cancel });
  } catch (error) {
    const { shown } = whole.evidence;
    const result = cancel.aborted
      ? notRun(request, shown, "cancelled", "cancelled while the machine was put to rest")
      : notRun(request, shown, "infra", `the machine could not be saved: ${messageOf(error)}`);
    return whole.finish([setup, { directory: undefined, result }]);
  }
  const atOnce = Math.min(directories.length, request.jobs ?? (await clonesAtOnce(home, machine.id)));
  print(`kmvm: ${directories.length} directories, ${atOnce} at a time, each in a clone of its own`);
  const removals: Promise<void>[] = [];
  const parts = await inTurns(directories, atOnce, async (directory, index): Promise<Part> => {
    const evidence = await partFolder(whole.evidence, nameOfPart(index, directory));
    const own = { ...surroundings, print: whole.printer(`[${directory}] `) };
    const number = index + 1;
    const result = await runDirectory(
      original,
      { ...request, directories: [directory] },
      number,
      evidence,
      memory,
      own,
    );
    // The next directory need not wait for it.
    removals.push(
      original.remove(number).catch((error: unknown) => {
        print(`kmvm: clone ${number} could not be removed: ${messageOf(error)}`);
      }),
    );
    return { directory, result };
  });
  await Promise.all(removals);
  const warnings: string[] = [];
  // For whoever keeps it. There is no time for it when the run is cancelled.
  if (cancel.aborted) warnings.push(`the machine is switched off; where it is kept: kmvm vm start ${request.stack}`);
  else
    await original.wake().catch((error: unknown) => {
      warnings.push(
        `the machine does not go on after its clones: ${messageOf(error)}; boot it: kmvm vm start ${request.stack}`,
      );
    });
  return whole.finish([setup, ...parts], warnings);
}
