import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { codeOf } from "../../lib/errors";
import { retryUntil } from "../../lib/retry";
import type { Progress } from "./progress";

/** A lock whose holder was killed is free after this long: the holder renews it while it lives. */
const staleMs = 10_000;
const patienceMs = 3600_000;

const holder = (folder: string) => join(folder, ".build.holder");

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
          lockfilePath: join(folder, ".build.lock"),
          stale: staleMs,
          update: 2000,
          onCompromised: (error) => {
            lost.abort(error);
          },
        });
      } catch (error) {
        if (codeOf(error) !== "ELOCKED") throw error;
        if (!told) log?.(`waiting for another build: ${await readFile(holder(folder), "utf8").catch(() => "unknown")}`);
        told = true;
        return undefined;
      }
    },
  });
  try {
    await writeFile(
      holder(folder),
      `process ${process.pid} of ${userInfo().username}, since ${new Date().toISOString()}`,
    );
    return await work(signal ? AbortSignal.any([signal, lost.signal]) : lost.signal);
  } finally {
    await release().catch(() => undefined); // lost: nothing to give back
  }
}
