import { readFileSync } from "node:fs";
import { descendants } from "../cli/interrupt";
import { systemClock } from "../lib/retry";

const kibibytes = (text: string, field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);

/** Proportional set size of a process: what it shares is counted once over all that share it. See proc(5), smaps_rollup. */
function pssMiB(pid: number): number {
  try {
    return kibibytes(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"), "Pss") / 1024;
  } catch {
    return 0;
  }
}

/** What a process has for itself alone: what would be free again if it ended. */
export function ownMiB(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (kibibytes(text, "Private_Clean") + kibibytes(text, "Private_Dirty")) / 1024;
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
};

/** The most memory that a process had so far, MiB. */
export function peakRssMiB(pid: number): number {
  try {
    return kibibytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmHWM") / 1024;
  } catch {
    return 0;
  }
}

export function findDescendant(parent: number, pattern: RegExp): number | undefined {
  return descendants(parent).find((pid) => pattern.test(commandOf(pid)));
}

export interface MemoryWatch {
  /** MiB, the most at any one time: of `parent` and all its descendants, the virtual machine not counted. */
  stop(): number;
}

export function watchMemory(parent: number): MemoryWatch {
  let peak = 0;
  let stopped = false;
  void (async () => {
    while (!stopped) {
      const ours = [parent, ...descendants(parent)].filter((pid) => !/qemu-system/.test(commandOf(pid)));
      peak = Math.max(
        peak,
        ours.reduce((sum, pid) => sum + pssMiB(pid), 0),
      );
      await systemClock.sleep(250);
    }
  })();
  return {
    stop: () => {
      stopped = true;
      return peak;
    },
  };
}
