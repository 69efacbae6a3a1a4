import type { ImageVersions, PublishedVersion } from "../components/backends/facets";
import { UserError } from "../lib/errors";
import { planPrune } from "../provider/images/prune";
import type { ChosenBackend } from "./chosen-backend";
import { table } from "./table";

/**
 * @param instead what to do where there are none
 * @throws UserError where the backend's machines are made of the local store's images
 */
export function imagesOf(
  { name, facets }: ChosenBackend,
  instead = "the same verb without --backend is about them",
): ImageVersions {
  if (facets.images) return facets.images;
  throw new UserError(
    `images are not published to backend ${name}: its machines are made of those of the local store`,
    instead,
  );
}

const known = (versions: readonly PublishedVersion[]) =>
  versions.length > 0 ? `there are ${versions.map(({ version }) => version).join(", ")}` : "there are none";

/** @throws UserError when it was not published */
export async function promotePublished(images: ImageVersions, name: string, version: string): Promise<void> {
  const versions = await images.list(name);
  if (!versions.some((one) => one.version === version))
    throw new UserError(`there is no version ${version} of ${name} there; ${known(versions)}`, "kmvm image publish");
  await images.promote(name, version);
}

/**
 * @returns the version that is promoted now
 * @throws UserError when there is none that was promoted before
 */
export async function rollbackPublished(images: ImageVersions, name: string): Promise<string> {
  const versions = await images.list(name);
  const previous = versions.find((one) => one.previous);
  if (!previous)
    throw new UserError(
      `no version of ${name} that is there was promoted before; ${known(versions)}`,
      `kmvm image promote ${name}@VERSION`,
    );
  await images.promote(name, previous.version);
  return previous.version;
}

/** Pure: never the promoted version, nor the one that was it before, nor one in use, nor one of the `keep` newest. */
export function planPublishedPrune(name: string, versions: readonly PublishedVersion[], keep: number): string[] {
  const used = new Set(versions.filter(({ inUse }) => inUse).map(({ version }) => `${name}@${version}`));
  return planPrune(
    versions.map(({ version, promoted, previous }) => ({ name, version, promoted, previous })),
    used,
    keep,
  );
}

/** @returns what was removed */
export async function prunePublished(images: ImageVersions, name: string, keep: number): Promise<string[]> {
  const removed: string[] = [];
  for (const version of planPublishedPrune(name, await images.list(name), keep)) {
    await images.remove(name, version);
    removed.push(version);
  }
  return removed;
}

/** `kmvm image ls --backend`, as text. Pure. */
export function publishedLines(name: string, versions: readonly PublishedVersion[]): string[] {
  return table([
    ["IMAGE", "VERSION", "STATE", "USED", "PUBLISHED", "ID"],
    ...versions.map(({ version, promoted, previous, inUse, createdAt, id }) => [
      name,
      version,
      promoted ? "promoted" : previous ? "previous" : "",
      inUse ? "in use" : "",
      createdAt.slice(0, 16).replace("T", " "),
      id,
    ]),
  ]);
}
