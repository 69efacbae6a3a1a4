import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { retryUntil, TimeoutError } from "../../lib/retry";
import { qemuBinary } from "./binary";
import { guestName } from "./argv";

export interface OwnProcess {
  readonly pid: number;
  readonly isQemu: boolean;
}

/**
 * The processes of a machine: QEMU and what watches over it. They are recognised by where they work and by the machine's
 * name in their arguments, looked up anew each time: a pid remembered from earlier may be someone else's by now.
 * @param folder as the kernel names it, without symbolic links
 */
export async function processesOf(folder: string, id: string): Promise<OwnProcess[]> {
  // The kernel marks a folder that was removed under a process.
  const places = new Set([folder, `${folder} (deleted)`]);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that ends meanwhile, or belongs to another user, is none of ours.
      const place = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      if (!places.has(place)) return undefined;
      const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      if (!argv.includes(guestName(id))) return undefined;
      return { pid: Number(pid), isQemu: basename(argv[0] ?? "") === qemuBinary };
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Sends to exactly these, which `processesOf` has just found; one that is gone already is no error. */
export function signalAll(processes: readonly OwnProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes)
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
}

/** Whether all processes of the machine ended within `timeoutMs`. */
export async function endedWithin(
  folder: string,
  id: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    return await retryUntil({
      what: `the processes of ${id} to end`,
      timeoutMs,
      intervalMs: 25,
      attempt: async () => ((await processesOf(folder, id)).length === 0 ? true : undefined),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}
