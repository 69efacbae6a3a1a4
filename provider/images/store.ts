import { readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf, ExitCode, UserError } from "../../lib/errors";
import { imageReference } from "../../lib/image-reference";
import { homeFolders } from "../../lib/paths";
import { compareVersions, parseVersion, type ImageVersion } from "./image-version";
import { manifestSchema, type Manifest } from "./manifest";

/** Symbolic links beside the versions. `previous` is what `promoted` was before. */
export const pointers = ["promoted", "previous"] as const;
export type Pointer = (typeof pointers)[number];

export interface StoredVersion extends ImageVersion {
  readonly manifest: Manifest;
  readonly promoted: boolean;
  readonly previous: boolean;
  /** ISO 8601: when it last passed its smoke test; undefined: never. */
  readonly smokedAt: string | undefined;
}

/** Folder of all versions of an image. */
export function imageFolder(home: string, name: string): string {
  return join(homeFolders.images(resolve(home)), name);
}

const listFolder = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
};

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Version that a pointer leads to; undefined where there is none. */
export async function readPointer(home: string, name: string, pointer: Pointer): Promise<string | undefined> {
  try {
    return await readlink(join(imageFolder(home, name), pointer));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whoever looks finds the old or the new target, and never none. */
async function setPointer(home: string, name: string, pointer: Pointer, version: string): Promise<void> {
  const folder = imageFolder(home, name);
  const temporary = join(folder, `.${pointer}.${process.pid}`);
  await rm(temporary, { force: true });
  await symlink(version, temporary);
  await rename(temporary, join(folder, pointer));
}

/** Names of all versions of an image, oldest first. */
export async function versionNames(home: string, name: string): Promise<string[]> {
  const names = await listFolder(imageFolder(home, name));
  return names.filter((entry) => parseVersion(entry)).sort(compareVersions);
}

/** Names of all images that have, or had, a version. */
export async function imageNames(home: string): Promise<string[]> {
  return (await listFolder(homeFolders.images(resolve(home)))).filter((entry) => !entry.startsWith(".")).sort();
}

/** @returns undefined when that version is not in the store */
export async function findVersion(home: string, name: string, version: string): Promise<StoredVersion | undefined> {
  const folder = join(imageFolder(home, name), version);
  const text = await readText(join(folder, "manifest.json"));
  if (text === undefined) return undefined;
  const manifest = manifestSchema.parse(JSON.parse(text));
  return {
    name,
    version,
    key: manifest.key,
    folder,
    disk: join(folder, `disk.${manifest.diskFormat}`),
    diskFormat: manifest.diskFormat,
    kernel: join(folder, "vmlinuz"),
    initrd: join(folder, "initrd"),
    manifest,
    promoted: (await readPointer(home, name, "promoted")) === version,
    previous: (await readPointer(home, name, "previous")) === version,
    smokedAt: (await readText(join(folder, "smoke-passed")))?.trim(),
  };
}

/** All versions of an image, oldest first. */
export async function listVersions(home: string, name: string): Promise<StoredVersion[]> {
  const versions = await versionNames(home, name);
  const read = await Promise.all(versions.map((version) => findVersion(home, name, version)));
  return read.filter((version) => version !== undefined);
}

/**
 * @param ref `<name>`: its promoted version; `<name>@<version>`: that one
 * @throws UserError with the command that helps, when there is none
 */
export async function resolveImage(home: string, ref: string): Promise<StoredVersion> {
  const { name, version: wanted } = imageReference(ref);
  const version = wanted ?? (await readPointer(home, name, "promoted"));
  const found = version === undefined ? undefined : await findVersion(home, name, version);
  if (found) return found;
  const there = await versionNames(home, name);
  if (wanted === undefined && there.length === 0)
    throw new UserError(
      `there is no image "${name}" under ${home}`,
      `build it: kmvm image build ${name}`,
      ExitCode.Infrastructure,
    );
  if (wanted === undefined)
    throw new UserError(
      `no version of image "${name}" is promoted; there are ${there.join(", ")}`,
      `test and promote one: kmvm image build ${name}, or kmvm image promote ${name}@${there.at(-1) ?? ""}`,
      ExitCode.Infrastructure,
    );
  throw new UserError(
    `image "${name}" has no version "${wanted}"; it has ${there.join(", ") || "none"}`,
    `see them: kmvm image ls`,
  );
}

/** Makes a version the one that new machines get. The one before is kept as `previous`. */
export async function promote(home: string, name: string, version: string): Promise<void> {
  await resolveImage(home, `${name}@${version}`);
  const before = await readPointer(home, name, "promoted");
  if (before === version) return;
  if (before !== undefined) await setPointer(home, name, "previous", before);
  await setPointer(home, name, "promoted", version);
}

/**
 * Promotes again what was promoted before.
 * @returns the version that is promoted now
 */
export async function rollback(home: string, name: string): Promise<string> {
  const previous = await readPointer(home, name, "previous");
  const current = await readPointer(home, name, "promoted");
  if (previous === undefined || previous === current)
    throw new UserError(
      `image "${name}" has no version to roll back to`,
      `promote one by name: kmvm image ls, then kmvm image promote ${name}@<version>`,
    );
  await promote(home, name, previous);
  return previous;
}
