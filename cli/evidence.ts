import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  mkdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf, messageOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { runResultSchema, type RunResult } from "../lib/run-result";
import { systemClock } from "../lib/retry";

/**
 * Number of the newest run of a stack, as the runner's `latest` link says; undefined before the first, and where the
 * folder was removed by hand: the next run has the same number then.
 */
export function latestRun(root: string, stack: string): string | undefined {
  try {
    const run = readlinkSync(join(checkoutFolders.runs(root), stack, "latest"));
    return existsSync(runFolder(root, stack, run)) ? run : undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function runFolder(root: string, stack: string, run: string): string {
  return join(checkoutFolders.runs(root), stack, run);
}

/** result.json of a run; undefined while there is none. */
export function readResult(folder: string): RunResult | undefined {
  try {
    return runResultSchema.parse(JSON.parse(readFileSync(join(folder, "result.json"), "utf8")));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Asks the runner at work on a stack to end its run now and bring home what there is. */
export function requestCancel(root: string, stack: string): void {
  const folder = join(checkoutFolders.runs(root), stack);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cancel"), "");
}

export function withdrawCancel(root: string, stack: string): void {
  rmSync(join(checkoutFolders.runs(root), stack, "cancel"), { force: true });
}

const chunkBytes = 64 * 1024;

/**
 * Reads a file from `offset` to its end as it is now.
 * @returns the offset behind what was read; `offset` itself while there is no such file
 */
export function readFrom(path: string, offset: number, onChunk: (chunk: Buffer) => void): number {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return offset;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let position = offset; ;) {
      const count = readSync(file, buffer, 0, chunkBytes, position);
      if (count === 0) return position;
      onChunk(Buffer.from(buffer.subarray(0, count)));
      position += count;
    }
  } finally {
    closeSync(file);
  }
}

export interface LogFollower {
  /** Folder of the run that is followed, as soon as there is one. */
  folder(): string | undefined;
  /** Shows what is left, and ends. @returns what kept it from showing all, for warnings */
  finish(): Promise<string[]>;
}

/** Shows the log of the next run of a stack, whoever runs it, from its evidence: the engine need not carry it. */
export function followNextLog(root: string, stack: string, onChunk: (chunk: Buffer) => void): LogFollower {
  const before = latestRun(root, stack);
  let folder: string | undefined;
  let offset = 0;
  let ended = false;
  let trouble: string | undefined;
  const poll = () => {
    try {
      if (!folder) {
        const latest = latestRun(root, stack);
        if (latest && latest !== before) folder = runFolder(root, stack, latest);
      }
      // Not tried again: what was shown of it before it failed would come twice.
      if (folder && trouble === undefined) offset = readFrom(join(folder, "test.log"), offset, onChunk);
    } catch (error) {
      trouble = messageOf(error);
    }
  };
  const loop = (async () => {
    while (!ended) {
      poll();
      await systemClock.sleep(50);
    }
    poll();
  })();
  return {
    folder: () => folder,
    finish: async () => {
      ended = true;
      await loop;
      return trouble === undefined ? [] : [`the log could not be shown to its end: ${trouble}`];
    },
  };
}
