import { withQmp } from "./qmp";

/** Makes a guest that seems dead print its backtraces on the console. */
export async function injectNmi(folder: string): Promise<void> {
  await withQmp(folder, (qmp) => qmp.command("inject-nmi"));
}

/** Registers of all virtual CPUs, as QEMU prints them. */
export function registers(folder: string): Promise<string> {
  return withQmp(folder, (qmp) => qmp.human("info registers -a"));
}

/** QEMU's state of the machine: running, paused, io-error, internal-error, guest-panicked, … (QMP RunState). */
export async function runState(folder: string): Promise<string> {
  const answer = await withQmp(folder, (qmp) => qmp.command("query-status"));
  return typeof answer === "object" && answer !== null && "status" in answer ? String(answer.status) : "unknown";
}
