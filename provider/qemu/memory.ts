import { readFile } from "node:fs/promises";
import { ExitCode, UserError } from "../../lib/errors";

/** MiB that can be had without swapping, from the text of /proc/meminfo (proc(5): MemAvailable, in KiB). */
export function availableMiB(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Math.floor(Number(kib) / 1024);
}

/** @throws UserError with the figures when the host has less memory available than the guest is to have */
export async function checkMemory(memoryMiB: number): Promise<void> {
  const available = availableMiB(await readFile("/proc/meminfo", "utf8"));
  if (available !== undefined && available < memoryMiB)
    throw new UserError(
      `the machine is to have ${memoryMiB} MiB of memory, but this host has only ${available} MiB available`,
      "set memoryMiB lower, or stop other machines (kmvm ls shows them)",
      ExitCode.Infrastructure,
    );
}
