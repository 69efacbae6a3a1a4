import { open, type FileHandle } from "node:fs/promises";
import { loadFacets } from "../components/backends/load";
import type { BackendName } from "../components/backends/registry";
import type { Console } from "../components/backends/facets";
import { consoleGrowth } from "../lib/console-text";
import { codeOf, messageOf } from "../lib/errors";
import type { RunRequest } from "../lib/run-request";

/** Where the console of a machine is read from. */
export interface ConsoleSource {
  /** Milliseconds between two looks. */
  readonly pollMs: number;
  /** A trace is complete when nothing has followed for this long, or has for that long. */
  readonly settling: { readonly quietMs: number; readonly atMostMs: number };
  /** Hands on everything that is new since the last look. */
  look(onChunk: (chunk: Buffer) => Promise<void>): Promise<void>;
  /** How far it has been read: what to begin at the next time. */
  position(): number;
  /** What kept it from being read. */
  troubles(): string[];
  /** Makes a guest that hangs tell where, on its console. @returns false: there is nobody to ask for it */
  interrupt(): Promise<boolean>;
  close(): Promise<void>;
}

/** A file on this host that grows; one that is not there yet is empty. */
export function fileConsole(path: string, offset: number): ConsoleSource {
  const buffer = Buffer.alloc(256 * 1024);
  let at = offset;
  let file: FileHandle | undefined;
  const tryOpen = async (): Promise<FileHandle | undefined> => {
    try {
      return await open(path, "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  };
  return {
    pollMs: 100,
    settling: { quietMs: 700, atMostMs: 2500 },
    position: () => at,
    troubles: () => [],
    interrupt: () => Promise.resolve(false),
    close: async () => file?.close(),
    async look(onChunk) {
      file ??= await tryOpen();
      if (!file) return;
      if ((await file.stat()).size < at) at = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        await onChunk(Buffer.from(buffer.subarray(0, bytesRead)));
      }
    },
  };
}

const defaultPollMs = 5000;

/**
 * The console of a machine that a provider has: asked for now and then. That it does not answer does not end a run.
 * @param offset not 0: what it shows at the first look is of an earlier run
 */
export function askedConsole(console: () => Promise<Console>, id: string, offset: number): ConsoleSource {
  let known: string | undefined = offset === 0 ? "" : undefined;
  let at = offset;
  let failures = 0;
  let lastFailure = "";
  let asked: Console | undefined;
  const pollMs = () => asked?.pollMs ?? defaultPollMs;
  return {
    get pollMs() {
      return pollMs();
    },
    // Two looks, the second of them without anything new.
    get settling() {
      return { quietMs: 1.5 * pollMs(), atMostMs: 3 * pollMs() };
    },
    position: () => at,
    troubles: () => (failures === 0 ? [] : [`the console could not be read ${failures} times: ${lastFailure}`]),
    close: () => Promise.resolve(),
    async interrupt() {
      asked ??= await console();
      if (!asked.interrupt) return false;
      await asked.interrupt(id);
      return true;
    },
    async look(onChunk) {
      let now: string;
      try {
        asked ??= await console();
        now = await asked.text(id);
      } catch (error) {
        failures++;
        lastFailure = messageOf(error);
        return;
      }
      const growth = consoleGrowth(known ?? now, now);
      known = growth.known;
      at += growth.text.length;
      if (growth.text !== "") await onChunk(Buffer.from(growth.text));
    },
  };
}

/** The console of the machine of a run, from where an earlier run in it has left off; undefined: it has none. */
export function consoleOf({ consolePath, console }: RunRequest["machine"], offset: number): ConsoleSource | undefined {
  if (consolePath !== undefined) return fileConsole(consolePath, offset);
  if (console === undefined) return undefined;
  const { backend, id, configuration } = console;
  return askedConsole(async () => (await loadFacets(backend as BackendName, configuration)).console, id, offset);
}
