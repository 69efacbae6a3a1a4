import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { removeAbandonedBuilds } from "./abandoned";
import { removeAbandonedSmokes } from "./smoke-machines";
import { imageFolder, listVersions, type StoredVersion } from "./store";
import { usedVersions } from "./usage";

/** Versions that are kept beside those that must not be removed. */
export const defaultKeep = 3;

/**
 * Which versions can go: never the promoted one, nor the one before it, nor one that a machine uses, nor one of the
 * `keep` newest.
 *
 * @param versions oldest first
 * @param used `name@version`
 */
export function planPrune(
  versions: readonly Pick<StoredVersion, "name" | "version" | "promoted" | "previous">[],
  used: ReadonlySet<string>,
  keep: number,
): string[] {
  return versions
    .slice(0, Math.max(0, versions.length - keep))
    .filter(({ name, version, promoted, previous }) => !promoted && !previous && !used.has(`${name}@${version}`))
    .map(({ version }) => version);
}

/**
 * Removes old versions of an image, and what builds that were killed have left.
 * @returns what was removed
 */
export async function prune(home: string, name: string, keep = defaultKeep): Promise<string[]> {
  const abandoned = [...(await removeAbandonedBuilds(home, name)), ...(await removeAbandonedSmokes(home))];
  const removed: string[] = [];
  for (const version of planPrune(await listVersions(home, name), await usedVersions(home), keep)) {
    const folder = join(imageFolder(home, name), version);
    // Out of sight first, then looked at again: a machine may have been made of it in between.
    const hidden = join(imageFolder(home, name), `.removed-${version}`);
    await rename(folder, hidden);
    if ((await usedVersions(home)).has(`${name}@${version}`)) await rename(hidden, folder);
    else {
      await rm(hidden, { recursive: true, force: true });
      removed.push(version);
    }
  }
  return [...abandoned, ...removed];
}
