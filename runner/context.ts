import { join } from "node:path";
import { makeRedactor, type Redactor } from "../lib/redact";
import type { RunRequest } from "../lib/run-request";
import { CappedFile } from "./capped-file";
import { consoleOf } from "./console-source";
import { ConsoleWatch } from "./console-watch";
import { makeEvidenceFolder, type EvidenceFolder } from "./evidence-folder";
import { GuestLink } from "./guest-link";
import { LiveLines } from "./live-lines";
import { recallMachine, rememberMachine, type MachineMemory } from "./machine-memory";
import { secretsOf } from "./secrets";
import { Timeline } from "./timeline";

/** What the parts of one run share. */
export interface RunContext {
  readonly request: RunRequest;
  /** The checkout. */
  readonly root: string;
  readonly evidence: EvidenceFolder;
  readonly redactor: Redactor;
  readonly timeline: Timeline;
  readonly link: GuestLink;
  readonly log: CappedFile;
  readonly live: LiveLines;
  readonly console: { readonly watch: ConsoleWatch; readonly file: CappedFile } | undefined;
  readonly memory: MachineMemory;
  readonly remember: (memory: MachineMemory) => Promise<void>;
  readonly startedAt: Date;
  /** Aborted, with the reason, when the run is to end early. */
  readonly cancel: AbortSignal;
  /** Tells a person, in one line. */
  readonly say: (line: string) => void;
}

export interface RunSurroundings {
  readonly root: string;
  readonly cancel: AbortSignal;
  /** Shows one line without its end. */
  readonly print: (line: string) => void;
  /** Of a run that is a part of another one: where its evidence goes, and what is known of its machine. */
  readonly part?: { readonly evidence: EvidenceFolder; readonly memory: MachineMemory };
}

const mebibyte = 1024 * 1024;

/** Makes the evidence folder and begins to fill it. */
export async function openContext(request: RunRequest, surroundings: RunSurroundings): Promise<RunContext> {
  const { root, cancel, print, part } = surroundings;
  const startedAt = new Date();
  const evidence = part?.evidence ?? (await makeEvidenceFolder(root, request.stack));
  const redactor = makeRedactor(secretsOf(request));
  const memory = part?.memory ?? (await recallMachine(root, request.stack, request.machine.id));
  const live = new LiveLines(join(evidence.shown, "test.log"), print);
  const limitBytes = request.limits.logMiB * mebibyte;
  const log = await CappedFile.create({
    path: join(evidence.path, "test.log"),
    what: "log",
    limitBytes,
    redactor,
    onWritten: (chunk) => {
      live.push(chunk);
    },
  });
  const console = consoleOf(request.machine, memory.consoleOffset);
  const file = await CappedFile.create({
    path: join(evidence.path, "console.log"),
    what: "console",
    limitBytes,
    redactor,
  });
  return {
    ...{ request, root, evidence, redactor, memory, live, log, startedAt, cancel },
    remember: (next) => (part ? Promise.resolve() : rememberMachine(root, request.stack, next)),
    timeline: new Timeline(),
    link: new GuestLink(request.machine),
    console: console && { file, watch: new ConsoleWatch(console, file) },
    say: (line) => {
      print(redactor.text(`kmvm: ${line}`));
    },
  };
}
