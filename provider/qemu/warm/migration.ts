import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { retryUntil } from "../../../lib/retry";
import { readIdentity } from "../credentials";
import { files } from "../folder";
import { inheritedFile } from "../launch";
import { withQmp, type Qmp } from "../qmp";
import { listenOn } from "../socket";
import { becameSchema, identityMessage, openDoor } from "./door";

/** A saved machine could not be brought back. */
export class RestoreFailed extends Error {
  override readonly name = "RestoreFailed";
}

const migrationSchema = z.object({ status: z.string().optional(), "error-desc": z.string().optional() });
const timeoutMs = 60_000;
/** Under emulation on a busy host; by itself it takes a tenth of a second. */
const doorMs = 30_000;

/** Waits for the end of a migration that was begun. */
function migrated(qmp: Qmp): Promise<true> {
  return retryUntil({
    what: "QEMU to move the machine's state",
    timeoutMs,
    intervalMs: 10,
    attempt: async () => {
      const { status, "error-desc": why } = migrationSchema.parse(await qmp.command("query-migrate"));
      if (status === "failed" || status === "cancelled") throw new Error(`QEMU: migration ${status}: ${why ?? ""}`);
      return status === "completed" ? true : undefined;
    },
  });
}

/** What is in a shared file of memory is not written a second time into the state. */
const ignoreShared = (qmp: Qmp) =>
  qmp.command("migrate-set-capabilities", { capabilities: [{ capability: "x-ignore-shared", state: true }] });

/** Stops the machine for good and writes the state of its devices to `files.state` of its folder. */
export async function saveState(folder: string): Promise<void> {
  // QEMU may neither start a program (its sandbox) nor, in 7.2, migrate into a file by itself.
  let writing: Promise<void> = Promise.reject(new Error("QEMU did not write any state"));
  writing.catch(() => undefined);
  const socketFile = join(folder, files.migration);
  // Of one that was killed; and node does not remove it, for the name that it was given was only for the moment.
  await rm(socketFile, { force: true });
  const server = await listenOn(folder, files.migration, (socket) => {
    writing = pipeline(socket, createWriteStream(join(folder, files.state), { flags: "wx", mode: 0o600 }));
    writing.catch(() => undefined);
  });
  try {
    await withQmp(folder, async (qmp) => {
      await qmp.command("stop");
      await ignoreShared(qmp);
      await qmp.command("migrate", { uri: `unix:${files.migration}` });
      await migrated(qmp);
    });
    await writing;
  } finally {
    server.close();
    await rm(socketFile, { force: true });
  }
}

/** Tells a guest at rest that it is the machine `id`, whose credentials are in its folder, and lets it run. */
async function letGo(folder: string, id: string, prepare: (qmp: Qmp) => Promise<unknown>): Promise<void> {
  const identity = await readIdentity(folder);
  const door = await openDoor(folder);
  try {
    await withQmp(folder, async (qmp) => {
      await prepare(qmp);
      door.say(identityMessage(id, identity, Date.now()));
      await qmp.command("cont");
    });
    const answer = await door.listen(becameSchema, "who it is", doorMs);
    if ("error" in answer) throw new Error(`the guest: ${answer.error}`);
    if (answer.became !== id) throw new Error(`the guest calls itself ${answer.became}`);
  } finally {
    door.close();
  }
}

/** Has a guest that came to rest to be saved, and was not, go on as the machine that it is. */
export const goOnUnsaved = (folder: string, id: string): Promise<void> =>
  letGo(folder, id, (qmp) => qmp.command("migrate_cancel"));

/**
 * Brings a saved machine to life in a QEMU that waits for it, as the machine `id`, whose credentials are in its folder.
 * @throws RestoreFailed
 */
export async function restoreState(folder: string, id: string): Promise<void> {
  try {
    await letGo(folder, id, async (qmp) => {
      await ignoreShared(qmp);
      await qmp.command("migrate-incoming", { uri: `fd:${inheritedFile}` });
      await migrated(qmp);
    });
  } catch (error) {
    throw new RestoreFailed(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
