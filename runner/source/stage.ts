import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { codeOf, UserError } from "../../lib/errors";
import type { Source } from "../../lib/run-request";
import { withClone } from "./clone";
import { listSourceFiles } from "./list-files";
import { keyOf, packFiles } from "./pack";

/** A tree of source, packed and ready to be sent. */
export interface StagedSource {
  /** Hash of what is in it: the same key, the same tree. */
  readonly key: string;
  /** The archive on this host. */
  readonly archive: string;
  readonly bytes: number;
  readonly files: number;
}

export interface StageOptions {
  /** Folder of packed trees, shared by all runs of the checkout. */
  readonly cache: string;
  /** Where the tree goes in the guest, relative to its root. */
  readonly prefix: string;
  /** Relative directories are of the checkout. */
  readonly root: string;
  readonly token: string | undefined;
  readonly signal?: AbortSignal;
}

const kept = { archives: 10, ageMs: 24 * 3600 * 1000 };

/** Removes archives that nobody has used for a day, but for the newest. */
async function prune(cache: string): Promise<void> {
  const ages = await Promise.all(
    (await readdir(cache)).map(async (name) => {
      const path = join(cache, name);
      return { path, usedAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 };
    }),
  );
  const old = ages.sort((a, b) => b.usedAt - a.usedAt).slice(kept.archives);
  await Promise.all(
    old.filter(({ usedAt }) => Date.now() - usedAt > kept.ageMs).map(({ path }) => rm(path, { force: true })),
  );
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const now = new Date();
    await utimes(path, now, now);
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function stageDirectory(folder: string, options: StageOptions): Promise<StagedSource> {
  const { cache, prefix, signal } = options;
  const files = await listSourceFiles(folder, signal);
  if (files.length === 0) throw new UserError(`there is no file in the source ${folder}`);
  const place = (key: string) => join(cache, `${key}.tar`);
  const listed = await keyOf(folder, files, prefix);
  const bytes = await sizeOf(place(listed));
  if (bytes !== undefined) return { key: listed, archive: place(listed), bytes, files: files.length };

  await mkdir(cache, { recursive: true });
  const temporary = `${place(listed)}.${process.pid}.${prefix.replaceAll("/", "-")}.part`;
  const packed = packFiles(folder, files, prefix);
  try {
    const content = Readable.from(packed.archive);
    await pipeline(content, createWriteStream(temporary), { ...(signal ? { signal } : {}) });
    // Named by what is in it: a file may have been saved since it was hashed.
    const key = packed.key();
    await rename(temporary, place(key));
    await prune(cache);
    return { key, archive: place(key), bytes: (await stat(place(key))).size, files: files.length };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Packs a source once for each content it has.
 * @throws UserError when it cannot be had
 */
export async function stageSource(source: Source, options: StageOptions): Promise<StagedSource> {
  if (source.kind === "repository")
    return withClone(source, options.token, (folder) => stageDirectory(folder, options), options.signal);
  const folder = resolve(options.root, source.path);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new UserError(`the source ${folder} is not a directory`);
  return stageDirectory(folder, options);
}
