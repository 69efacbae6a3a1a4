import { readdirSync, readFileSync } from "node:fs";

/** Numbers and command lines of living processes whose command line or environment holds `text`. */
export function processesWith(text: string): { pid: number; command: string }[] {
  const read = (pid: number, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .map((pid) => ({ pid, command: read(pid, "cmdline").replaceAll("\0", " "), environment: read(pid, "environ") }))
    .filter(({ command, environment }) => command !== "" && (command.includes(text) || environment.includes(text)))
    .map(({ pid, command }) => ({ pid, command }));
}
