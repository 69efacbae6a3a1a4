import { readdirSync, readFileSync } from "node:fs";
import { ExitCode, messageOf } from "../lib/errors";

export interface Interrupt {
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Back to the default: a signal ends the process. */
  dispose(): void;
}

/** Process ids of everything that descends from `parent`, children first. */
export function descendants(parent: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const parentId = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      childrenOf.set(parentId, [...(childrenOf.get(parentId) ?? []), Number(entry)]);
    } catch {
      // It ended while we looked.
    }
  }
  const all: number[] = [];
  const queue = [parent];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = childrenOf.get(next) ?? [];
    all.push(...children);
    queue.push(...children);
  }
  return all;
}

/**
 * First signal: `onFirst` (ask everyone to come to an end). Second: `onSecond`, then this process and its descendants
 * end at once.
 */
export function handleInterrupts(onFirst: () => void, onSecond: () => void): Interrupt {
  const controller = new AbortController();
  const handler = () => {
    if (!controller.signal.aborted) {
      controller.abort();
      try {
        onFirst();
      } catch (error) {
        process.stderr.write(`${messageOf(error)}\n`);
      }
      return;
    }
    onSecond();
    for (const pid of descendants(process.pid)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Ended already.
      }
    }
    process.exit(ExitCode.Interrupted);
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
