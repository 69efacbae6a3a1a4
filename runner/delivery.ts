import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { UserError } from "../lib/errors";
import type { GuestFile } from "./settings-files";
import type { StagedSource } from "./source/stage";

/** A tree of source and where it belongs in the guest. */
export interface Tree {
  readonly staged: StagedSource;
  /** Relative to the guest's root; its key is kept beside it, as `<place>.key`. */
  readonly place: string;
}

export interface Delivery {
  /** Settings and scripts. */
  readonly files: readonly GuestFile[];
  /** Trees that are sent. */
  readonly send: readonly Tree[];
  /** Trees that the guest should have from an earlier run. */
  readonly reuse: readonly Tree[];
}

/** Exit codes of the script that takes a delivery, beside those of the log that it gives afterwards. */
export const deliveryExit = {
  /** A tree that was to be reused is not there. */
  treeMissing: 90,
  unpackFailed: 91,
  startFailed: 92,
} as const;

/** Bytes of the guest's boot id and a line end, which come before the log. */
export const bootIdBytes = 37;

export interface RunIdentity {
  readonly runId: string;
  readonly attempt: number;
}

const bootId = "read -r id </proc/sys/kernel/random/boot_id; echo $id";

/**
 * The script that gives the log from a byte on and, when there is no more of it, the status as the last line on standard
 * error: sudo alone costs an emulated guest half a second, so it is one command.
 */
export const followScript = (offset: number) => `/opt/kmvm/test/follow ${offset}; exec /opt/kmvm/test/status >&2`;

/**
 * The script that takes a delivery on its standard input, starts the run, and gives boot id and log: one script, since
 * each costs a guest with emulated processors half a second.
 */
export function deliveryScript({ send, reuse }: Delivery, { runId, attempt }: RunIdentity): string {
  if (!/^[A-Za-z0-9-]+$/.test(runId)) throw new UserError(`run id "${runId}" is not of letters, digits and -`);
  const lines = [
    "cd /",
    // A runner that was killed has started it before: its source is in use.
    "there=",
    "if [ -r /var/lib/kmvm/run/attempt ]; then read -r there </var/lib/kmvm/run/attempt || :; fi",
    `if [ "$there" = "${runId} ${attempt}" ]; then ${bootId}; ${followScript(0)}; fi`,
    ...reuse.map(
      ({ place, staged }) =>
        `key=; { read -r key </${place}.key; } 2>/dev/null; [ "$key" = ${staged.key} ] || exit ${deliveryExit.treeMissing}`,
    ),
    ...send.map(({ place }) => `if [ -e /${place} ]; then rm -rf /${place} /${place}.key; fi`),
    `tar -x -f - --no-same-owner || exit ${deliveryExit.unpackFailed}`,
    ...send.map(({ place, staged }) => `echo ${staged.key} >/${place}.key`),
    bootId,
    `/opt/kmvm/test/start >&2 || exit ${deliveryExit.startFailed}`,
    followScript(0),
  ];
  return lines.join("\n");
}

/** The scripts of scripts/guest/test as they go into the guest. */
export async function guestScripts(root: string): Promise<GuestFile[]> {
  const folder = join(root, "scripts", "guest", "test");
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => ({
      path: `opt/kmvm/test/${name}`,
      mode: 0o755,
      content: await readFile(join(folder, name)),
    })),
  );
}

/** Two empty blocks of 512 bytes end an archive; without them another can follow. */
const endBytes = 1024;

/** Made by the archive, since every process that makes one costs an emulated guest a twentieth of a second. */
const folders: Readonly<Record<string, number>> = {
  "run/kmvm/": 0o700,
  "run/kmvm/run/": 0o755,
  "var/lib/kmvm/run/": 0o755,
  "var/lib/kmvm/run/cores/": 0o755,
};

/** What people call in the machine. */
const command = { name: "usr/local/bin/km-test", linkname: "/opt/kmvm/test/km-test" };

async function packed(files: readonly GuestFile[]): Promise<Buffer> {
  const archive = pack();
  const mtime = new Date();
  for (const [name, mode] of Object.entries(folders)) archive.entry({ name, type: "directory", mode, mtime });
  archive.entry({ ...command, type: "symlink", mtime });
  for (const { path, mode, content } of files) archive.entry({ name: path, mode, mtime }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).subarray(0, -endBytes);
}

/** The archive that goes into the guest. */
export function deliveryStream({ files, send }: Delivery): Readable {
  async function* content(): AsyncGenerator<Buffer> {
    yield await packed(files);
    for (const { staged } of send)
      for await (const chunk of createReadStream(staged.archive, { end: staged.bytes - endBytes - 1 }))
        yield chunk as Buffer;
    yield Buffer.alloc(endBytes);
  }
  return Readable.from(content());
}
