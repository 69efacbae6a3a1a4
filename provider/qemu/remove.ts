import { readdir, rename, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { codeOf } from "../../lib/errors";
import { homeFolders } from "../../lib/paths";
import { goneFolder, machineFolder } from "./folder";
import { findFolder } from "./inspect";
import { readRecord } from "./record";
import { switchOff } from "./power";
import type { Options } from "./spec";

async function clonesOf(home: string, id: string): Promise<string[]> {
  const names = await readdir(homeFolders.machines(home)).catch(() => []);
  const records = await Promise.all(
    names.filter((name) => name.startsWith(`${id}-`)).map((name) => readRecord(machineFolder(home, name))),
  );
  return records.flatMap((record) => (record?.cloneOf === id ? [record.id] : []));
}

/** Ends the machine and its clones, and removes all that is of them. Succeeds also when there is nothing. */
export async function removeMachine(home: string, id: string, options: Options = {}): Promise<void> {
  for (const clone of await clonesOf(home, id)) await removeMachine(home, clone, options);
  const folder = await findFolder(home, id);
  if (folder === undefined) return;
  await switchOff(folder, id, options);
  // First out of sight in one step: a removal that is cut short must not leave something that looks like a machine.
  const gone = goneFolder(home, id, randomUUID().slice(0, 8));
  try {
    await rename(folder, gone);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  await rm(gone, { recursive: true, force: true });
}
