import { rename, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { codeOf } from "../../lib/errors";
import { goneFolder } from "./folder";
import { findFolder } from "./inspect";
import { switchOff } from "./power";
import type { Options } from "./spec";

/** Ends the machine and removes all that is of it. Succeeds also when there is nothing. */
export async function removeMachine(home: string, id: string, options: Options = {}): Promise<void> {
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
