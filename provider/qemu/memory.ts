import { readFile, stat } from "node:fs/promises";
import { ExitCode, UserError } from "../../lib/errors";
import { groupMiB } from "./control-group";

/** MiB that can be had without swapping, from the text of /proc/meminfo (proc(5): MemAvailable, in KiB). */
export function availableMiB(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Math.floor(Number(kib) / 1024);
}

/** MiB that can be had by this process: of the host, and of its control groups where they have a limit. */
export async function memoryToBeHad(): Promise<number | undefined> {
  const host = availableMiB(await readFile("/proc/meminfo", "utf8"));
  const group = await groupMiB(await readFile("/proc/self/cgroup", "utf8"));
  return host === undefined || group === undefined ? (host ?? group) : Math.min(host, group);
}

/** QEMU itself, with what it translates under emulation, MiB: more than an idle clone has to itself (`clone.rss`). */
const qemuMiB = 300;

/**
 * MiB that a machine takes: all of its memory if it boots; as a clone what the saved guest had in use, which it may come
 * to change, and no more than that until its tests want more.
 */
export async function neededMiB(memoryMiB: number, savedMemory: string | undefined): Promise<number> {
  if (savedMemory === undefined) return memoryMiB;
  // In units of 512 bytes, holes not counted (stat(2)).
  const inUse = Math.ceil(((await stat(savedMemory)).blocks * 512) / 1024 ** 2);
  return Math.min(memoryMiB, inUse + qemuMiB);
}

/** @throws UserError with the figures when there is less memory available than a machine needs */
export async function checkMemory(memoryMiB: number): Promise<void> {
  const available = await memoryToBeHad();
  if (available !== undefined && available < memoryMiB)
    throw new UserError(
      `the machine needs ${memoryMiB} MiB of memory, and only ${available} MiB are available`,
      "set memoryMiB lower, or stop other machines (kmvm ls shows them)",
      ExitCode.Infrastructure,
    );
}
