import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** A process of this host, told apart from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of /proc/<pid>/stat, see proc(5). */
  readonly startTime: number;
}

/** What /proc/<pid>/stat tells of a process, see proc(5). */
export interface ProcessStat extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly isZombie: boolean;
}

/** undefined: there is no such process (any more). */
export function readStat(pid: number): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name in parentheses may hold anything, parentheses too.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [parent = NaN, group = NaN, session = NaN] = fields.map(Number);
  return { pid, parent, group, session, isZombie: state === "Z", startTime: Number(fields[18]) };
}

/** undefined: there is no such process (any more), or it is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && !stat.isZombie ? { pid, startTime: stat.startTime } : undefined;
}

/** Clock ticks of /proc in a second: USER_HZ, 100 on x86-64 and on ARM. */
const ticksPerSecond = 100;

/** When a process of this host began, milliseconds since the epoch; as exact as the clock was set right since. */
export const startedAt = ({ startTime }: ProcessIdentity): number =>
  Date.now() - (uptime() - startTime / ticksPerSecond) * 1000;

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identify(pid)?.startTime === startTime;
}
