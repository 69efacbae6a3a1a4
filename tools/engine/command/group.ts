import { readdirSync } from "node:fs";
import { readStat } from "../../../lib/process";

/**
 * The engine starts every plugin as the leader of a process group, and ends it by killing that group. Commands
 * therefore stay in the plugin's group, and go with it whatever happens. Without such a group there is nothing that
 * could be signalled without hitting strangers.
 */
const leadsGroup = readStat(process.pid)?.group === process.pid;

/** Sends a signal to everything that was started from here, but not to this process. */
export function signalCommands(signal: NodeJS.Signals): void {
  if (!leadsGroup) return;
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && readStat(pid)?.group === process.pid);
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
