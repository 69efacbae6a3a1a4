import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { MemoryFile } from "./argv";
import { exists } from "./disk-space";
import { files } from "./folder";
import type { BackingDisk } from "./overlay";
import type { MachineRecord } from "./record";
import type { Machine, Options } from "./spec";
import { restoreState, RestoreFailed } from "./warm/migration";

/** How a machine comes to life: what its disk lies over, where its memory is, and what is done once QEMU answers. */
export interface Start {
  readonly backing: BackingDisk;
  readonly memoryFile?: MemoryFile;
  /** What that file begins as. */
  readonly copyMemoryOf?: string;
  /** File of a saved state to restore, and by what. */
  readonly saved?: { readonly state: string; readonly console: string; readonly restore: () => Promise<void> };
}

/** One that has run before boots from its own disk. */
export function startOf(folder: string, record: MachineRecord): Start {
  const { warm, image, startedAt, toBeSaved } = record;
  const own: MemoryFile = { path: files.memory, share: true };
  if (warm && startedAt === undefined)
    return {
      backing: { disk: warm.disk, diskFormat: "qcow2" },
      memoryFile: toBeSaved ? own : { path: warm.memory, share: false },
      ...(toBeSaved ? { copyMemoryOf: warm.memory } : {}),
      saved: { state: warm.state, console: warm.console, restore: () => restoreState(folder, record.id) },
    };
  return { backing: image, ...(toBeSaved ? { memoryFile: own } : {}) };
}

type BringUp = (folder: string, record: MachineRecord, start: Start, options: Options) => Promise<Machine>;

/** The first part of a warm image that is not there any more. */
async function missingOf(warm: NonNullable<MachineRecord["warm"]>): Promise<string | undefined> {
  for (const path of Object.values(warm)) if (!(await exists(path))) return path;
  return undefined;
}

/**
 * Brings up a machine that is not, or is not to be, somebody yet: as the clone that it was made as. Where that cannot be
 * restored, by another QEMU than the one that saved it or because the warm image is gone, it boots.
 */
export async function beginAnew(
  folder: string,
  record: MachineRecord,
  options: Options,
  bringUp: BringUp,
): Promise<Machine> {
  const forget = async () => {
    for (const name of [files.overlay, files.memory]) await rm(join(folder, name), { force: true });
  };
  // What was half restored has written there, too.
  await forget();
  const { warm, ...booted } = record;
  if (!warm) return bringUp(folder, record, startOf(folder, record), options);
  const missing = await missingOf(warm);
  let why = `${missing ?? "nothing"} is gone`;
  if (missing === undefined)
    try {
      return await bringUp(folder, record, startOf(folder, record), options);
    } catch (error) {
      if (!(error instanceof RestoreFailed)) throw error;
      why = error.message;
      await forget();
    }
  options.log?.(`it boots, since what it is a clone of could not be restored: ${why}`);
  // No clone any more: what only was started warm can be saved.
  return bringUp(folder, booted, startOf(folder, booted), options);
}
