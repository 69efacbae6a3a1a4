import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "../../../../lib/process";
import { retryUntil } from "../../../../lib/retry";
import { qemuImageTool } from "../../../../provider/qemu/binary";
import { firmware } from "../../../../provider/qemu/firmware";
import { hostSignals } from "./host";
import { machineFiles, type MachinePlan } from "./plan";

/** A disk of a cloud's image: bytes on this host. */
export interface Disk {
  readonly path: string;
  readonly format: "raw" | "qcow2" | "vpc";
}

/** Makes the folder of a machine that has not been started yet. */
export function prepareMachine(folder: string, disk: Disk, sizeGiB: number): void {
  mkdirSync(folder, { recursive: true });
  execFileSync(
    qemuImageTool,
    ["create", "-q", "-f", "qcow2", "-b", disk.path, "-F", disk.format, machineFiles.overlay, `${sizeGiB}G`],
    { cwd: folder, stdio: "ignore" },
  );
  copyFileSync(firmware.variables, join(folder, machineFiles.firmwareVariables));
}

/** The process that keeps the machine; undefined: it is off. */
export function hostOf(folder: string): ProcessIdentity | undefined {
  try {
    const identity = JSON.parse(readFileSync(join(folder, machineFiles.host), "utf8")) as ProcessIdentity;
    return isAlive(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}

/** Starts the process that keeps the machine. It belongs to nobody. @returns when QEMU runs @throws when it ends at once */
export async function startMachine(folder: string, plan: MachinePlan, program: readonly string[]): Promise<void> {
  rmSync(join(folder, machineFiles.host), { force: true });
  writeFileSync(join(folder, machineFiles.plan), JSON.stringify(plan));
  const log = openSync(join(folder, machineFiles.log), "a");
  const [command = process.execPath, ...rest] = program;
  const child = spawn(command, rest, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", log, log],
    // A cloud knows nothing of who asked.
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
  });
  closeSync(log);
  child.unref();
  const identity = identify(child.pid ?? -1);
  await retryUntil({
    what: `the machine ${plan.id} to run`,
    timeoutMs: 60_000,
    intervalMs: 50,
    attempt: () => {
      if (hostOf(folder)) return true;
      if (identity && isAlive(identity)) return undefined;
      throw new Error(`the machine ended at once: ${readFileSync(join(folder, machineFiles.log), "utf8").slice(-500)}`);
    },
  });
}

/** Sends to the process that keeps the machine. @returns whether there is one */
export function signalMachine(folder: string, signal: keyof typeof hostSignals): boolean {
  const identity = hostOf(folder);
  if (!identity) return false;
  try {
    process.kill(identity.pid, hostSignals[signal]);
    return true;
  } catch {
    return false;
  }
}

/** What the serial console has said so far. */
export function consoleText(folder: string): Buffer {
  const path = join(folder, machineFiles.console);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Unplugs every machine that is on, and waits until its host is gone. */
export async function endMachines(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    if (!signalMachine(folder, "kill")) continue;
    await retryUntil({
      what: `the machine in ${folder} to end`,
      timeoutMs: 30_000,
      intervalMs: 50,
      attempt: () => (hostOf(folder) ? undefined : true),
    });
  }
}
