import { cpus } from "node:os";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { messageOf } from "../../lib/errors";
import { generateKeyPair } from "../ssh-key-format";
import { explainDiskFull } from "./disk-space";
import { files } from "./folder";
import { findFolder } from "./inspect";
import { removeMachine, startMachine, wakeMachine } from "./machine";
import { memoryToBeHad } from "./memory";
import { noSuchMachine, switchOff } from "./power";
import { readRecord, type MachineRecord } from "./record";
import type { Machine, Options, WarmImage } from "./spec";
import { askToRest } from "./warm/door";
import { goOnUnsaved, saveState } from "./warm/migration";

/** A machine at rest, from which clones start. */
export interface Original {
  /** @param number becomes the end of the clone's id */
  clone(number: number, options?: Options): Promise<Clone>;
  /** Succeeds also when there is no such clone. */
  remove(number: number): Promise<void>;
  /** Lets it go on where it was put to rest. Its clones must be gone. */
  wake(options?: Options): Promise<Machine>;
}

export interface Clone {
  readonly machine: Machine;
  /** One OpenSSH public key line; a clone has one of its own. */
  readonly hostKey: string;
}

async function recordOf(home: string, id: string): Promise<{ folder: string; record: MachineRecord }> {
  const folder = await findFolder(home, id);
  const record = folder === undefined ? undefined : await readRecord(folder);
  if (folder === undefined || record === undefined) throw noSuchMachine(id);
  return { folder, record };
}

/** Why no clones can be made of a machine; undefined: they can. */
export async function whyNotCloneable(home: string, id: string): Promise<string | undefined> {
  const { record } = await recordOf(home, id);
  if (!record.toBeSaved) return "it was not made for it";
  if (!record.warm) return "it was booted, and only what was started warm can be saved";
  return undefined;
}

/** Saves a guest that has come to rest. One that cannot be saved, as on a full disk, goes on: it may be kept. */
async function saveResting(folder: string, { id, tags }: MachineRecord): Promise<void> {
  const state = join(folder, files.state);
  try {
    await rm(state, { force: true });
    await saveState(folder);
  } catch (error) {
    await rm(state, { force: true });
    const why = explainDiskFull(folder, error);
    try {
      await goOnUnsaved(folder, id);
    } catch (failure) {
      const byHand = `kmvm vm stop ${tags.stack}; kmvm vm start ${tags.stack}`;
      const text = `${messageOf(why)}; nor does it go on (${messageOf(failure)}), boot it: ${byHand}`;
      throw new Error(text, { cause: error });
    }
    throw why;
  }
}

/**
 * Puts a machine to rest: from then on it does not run, and clones of what it was at that moment can.
 * @throws when something in the guest cannot be stopped, or it cannot be saved: it then goes on
 */
export async function putToRest(home: string, id: string, options: Options = {}): Promise<Original> {
  const { folder, record } = await recordOf(home, id);
  await askToRest(folder);
  await saveResting(folder, record);
  await switchOff(folder, id, options);
  const warm: WarmImage = {
    state: join(folder, files.state),
    memory: join(folder, files.memory),
    disk: join(folder, files.overlay),
    console: join(folder, files.console),
  };
  const { image, boot, vcpus, memoryMiB, diskGiB, expiresAt, user, authorizedKey, tags } = record;
  const idOf = (number: number) => `${id}-${number}`;
  return {
    clone: async (number, cloneOptions = {}) => {
      const hostKey = generateKeyPair("kmvm-clone");
      const machine = await startMachine(
        home,
        {
          ...{ image, boot, vcpus, memoryMiB, diskGiB, expiresAt, user, authorizedKey, tags, warm, hostKey },
          id: idOf(number),
          cloneOf: id,
        },
        cloneOptions,
      );
      return { machine, hostKey: hostKey.publicKey };
    },
    remove: (number) => removeMachine(home, idOf(number)),
    wake: (wakeOptions = {}) => wakeMachine(home, id, wakeOptions),
  };
}

/** Left to the host and to what it does beside machines, MiB. */
const reserveMiB = 1024;

/**
 * How many clones can run side by side: one for each processor of the host, since they wait a good part of their time,
 * and as many as its memory bears if each comes to use all of its own.
 */
export async function clonesAtOnce(home: string, id: string): Promise<number> {
  const { memoryMiB } = (await recordOf(home, id)).record;
  const available = (await memoryToBeHad()) ?? memoryMiB;
  const byMemory = Math.floor((available - reserveMiB) / memoryMiB);
  return Math.max(1, Math.min(cpus().length, byMemory));
}
