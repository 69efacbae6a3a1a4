import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { codeOf } from "../../lib/errors";
import { identify, isAlive } from "../../lib/process";
import { retryUntil } from "../../lib/retry";
import { userName } from "../../lib/user-name";
import type { Progress } from "./progress";

/** A lock whose holder was killed is free after this long: the holder renews it while it lives. */
const staleMs = 10_000;
const renewMs = 2000;
/** A lock that was just taken is not judged by who held it before. */
const takenMs = 1000;
const patienceMs = 3600_000;

const lockPath = (folder: string) => join(folder, ".build.lock");
const holderPath = (folder: string) => join(folder, ".build.holder");

const holderSchema = z.object({ pid: z.number(), startTime: z.number(), user: z.string(), since: z.string() });

async function readHolder(folder: string) {
  try {
    return holderSchema.parse(JSON.parse(await readFile(holderPath(folder), "utf8")));
  } catch {
    return undefined; // just taken, or just given back
  }
}

/** @returns milliseconds since the lock was taken or renewed; undefined when nobody has it */
async function lockAge(folder: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(lockPath(folder))).mtimeMs;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Files of the lock of an image's folder, if whoever held it was killed. Takes a second when it was taken or renewed
 * just now: whoever has it may not have said so yet.
 */
export async function abandonedLock(folder: string): Promise<string[]> {
  const young = await lockAge(folder);
  if (young !== undefined && young <= takenMs) await sleep(takenMs - young + 1);
  const age = await lockAge(folder);
  const holder = await readHolder(folder);
  if (holder && isAlive(holder)) return [];
  if (age === undefined) return holder ? [holderPath(folder)] : [];
  return age > (holder ? takenMs : staleMs) ? [lockPath(folder), holderPath(folder)] : [];
}

async function holderInWords(folder: string): Promise<string> {
  const holder = await readHolder(folder);
  return holder ? `process ${holder.pid} of ${holder.user}, at it since ${holder.since}` : "it has just begun";
}

/**
 * Runs `work` while nobody else builds in the same folder. The second one waits, and is told for whom.
 * @param work gets a signal that is also aborted when the lock is lost
 */
export async function withBuildLock<T>(
  folder: string,
  { log, signal }: Progress,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const lost = new AbortController();
  let told = false;
  const release = await retryUntil({
    what: `the build that holds ${folder}`,
    timeoutMs: patienceMs,
    intervalMs: 500,
    ...(signal && { signal }),
    attempt: async () => {
      try {
        return await lock(folder, {
          lockfilePath: lockPath(folder),
          stale: staleMs,
          update: renewMs,
          onCompromised: (error) => {
            lost.abort(error);
          },
        });
      } catch (error) {
        if (codeOf(error) !== "ELOCKED") throw error;
        if (!told) log?.(`waiting for another build: ${await holderInWords(folder)}`);
        told = true;
        return undefined;
      }
    },
  });
  try {
    const holder = { ...identify(process.pid), user: userName(), since: new Date().toISOString() };
    await writeFile(holderPath(folder), JSON.stringify(holder));
    return await work(signal ? AbortSignal.any([signal, lost.signal]) : lost.signal);
  } finally {
    await rm(holderPath(folder), { force: true });
    await release().catch(() => undefined); // lost: nothing to give back
  }
}
