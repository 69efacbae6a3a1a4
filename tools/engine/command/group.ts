import { readFileSync, readdirSync } from "node:fs";

/** The group of a process; undefined: it is gone. */
function groupOf(pid: number | "self"): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields after the name in parentheses, which may hold anything: state, parent, group; see proc(5).
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
  } catch {
    return undefined;
  }
}

/**
 * The engine starts every plugin as the leader of a process group, and ends it by killing that group. Commands
 * therefore stay in the plugin's group, and go with it whatever happens. Without such a group there is nothing that
 * could be signalled without hitting strangers.
 */
const leadsGroup = groupOf("self") === process.pid;

/** Sends a signal to everything that was started from here, but not to this process. */
export function signalCommands(signal: NodeJS.Signals): void {
  if (!leadsGroup) return;
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && groupOf(pid) === process.pid);
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }
}

/** Ends this process and everything that was started from it. */
export function endGroup(): never {
  if (leadsGroup) process.kill(-process.pid, "SIGKILL");
  process.exit(1);
}
