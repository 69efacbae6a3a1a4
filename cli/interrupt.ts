import { readdirSync } from "node:fs";
import { ExitCode, messageOf } from "../lib/errors";
import { readStat, type ProcessStat } from "../lib/process";

export interface Interrupt {
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Back to the default: a signal ends the process. */
  dispose(): void;
}

type ProcessFacts = Pick<ProcessStat, "parent" | "session">;

/** By process id. */
function allProcesses(): Map<number, ProcessFacts> {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return new Map(pids.flatMap((pid) => readStat(Number(pid)) ?? []).map((stat) => [stat.pid, stat]));
}

/** Process ids of everything that descends from `parent`, each after what has started it. */
export function descendants(parent: number, processes: ReadonlyMap<number, ProcessFacts> = allProcesses()): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const [pid, { parent: its }] of processes) childrenOf.set(its, [...(childrenOf.get(its) ?? []), pid]);
  const all: number[] = [];
  const queue = [parent];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = childrenOf.get(next) ?? [];
    all.push(...children);
    queue.push(...children);
  }
  return all;
}

/** Those that end with `parent`: one with a session of its own, a virtual machine, was started to outlive it. Pure. */
export function endingWith(parent: number, processes: ReadonlyMap<number, ProcessFacts>): number[] {
  const session = processes.get(parent)?.session;
  const same = new Map([...processes].filter(([, process]) => process.session === session));
  return descendants(parent, same);
}

/**
 * First signal: `onFirst` (ask everyone to come to an end). Second: `onSecond`, then this process and those
 * that it has started end at once, but for virtual machines.
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
    for (const pid of endingWith(process.pid, allProcesses())) {
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
