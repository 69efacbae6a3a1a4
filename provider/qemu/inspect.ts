import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../lib/errors";
import { homeFolders } from "../../lib/paths";
import { exists } from "./disk-space";
import { files, leftoverPattern, machineFolder } from "./folder";
import { processesOf } from "./processes";
import { readRecord, type MachineRecord } from "./record";
import type { InspectedMachine, Machine } from "./spec";

/** The machine's folder as the kernel names it. @returns undefined when there is no such machine */
export async function findFolder(home: string, id: string): Promise<string | undefined> {
  try {
    return await realpath(machineFolder(home, id));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function describe(folder: string, record: MachineRecord) {
  const started: Machine["started"] = record.hardware === "migratable" ? "warm" : "cold";
  return {
    id: record.id,
    started,
    folder,
    user: record.user,
    consolePath: join(folder, files.console),
    imageVersion: record.image.version,
    expiresAt: record.expiresAt,
    tags: record.tags,
  };
}

/** What there is of a machine right now, by asking the kernel. @returns undefined when there is nothing */
export async function inspectMachine(home: string, id: string): Promise<InspectedMachine | undefined> {
  const folder = await findFolder(home, id);
  const record = folder === undefined ? undefined : await readRecord(folder);
  if (folder === undefined || record === undefined) return undefined;
  const pid = (await processesOf(folder, id)).find(({ isQemu }) => isQemu)?.pid;
  const state = pid !== undefined ? "running" : record.startedAt !== undefined ? "stopped" : "half-made";
  return {
    ...describe(folder, record),
    address: record.endpoint?.address,
    port: record.endpoint?.port,
    accelerator: record.accelerator,
    pid,
    state,
    // QEMU removes its pid file whenever it ends by itself.
    crashed: state === "stopped" && (await exists(join(folder, files.pid))),
  };
}

async function namesIn(home: string): Promise<string[]> {
  try {
    return await readdir(homeFolders.machines(home));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Every machine of this KMVM_HOME in whatever state. What is in the folder but lacks our record is left out. */
export async function listMachines(home: string): Promise<InspectedMachine[]> {
  const ids = (await namesIn(home)).filter((name) => !leftoverPattern.test(name)).sort();
  const found = await Promise.all(ids.map((id) => inspectMachine(home, id).catch(() => undefined)));
  return found.filter((one) => one !== undefined);
}

/** Folders of machines that were being made or removed when the one who did it was killed. Absolute. */
export async function listLeftovers(home: string): Promise<string[]> {
  const names = await namesIn(home);
  return names.filter((name) => leftoverPattern.test(name)).map((name) => join(homeFolders.machines(home), name));
}
