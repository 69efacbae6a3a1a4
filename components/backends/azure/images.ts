import type { GalleryImage, GalleryImageVersion } from "@azure/arm-compute";
import { UserError } from "../../../lib/errors";
import { imageTagNames } from "../../../lib/tags";
import type { ImageVersions, PublishedVersion } from "../facets";
import type { AzureClients } from "./clients";
import { pointerTags } from "./image-tags";
import { hasStatus } from "./refusals";
import type { AzureSettings } from "./settings";

async function gathered<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of pages) all.push(one);
  return all;
}

/** `1.9.0` is older than `1.10.0`. Pure. */
export function compareGalleryVersions(a: string, b: string): number {
  const [x, y] = [a.split(".").map(Number), b.split(".").map(Number)];
  return [0, 1, 2].map((index) => (x[index] ?? 0) - (y[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** As the local store has it; what somebody else put there goes by its number. */
const localVersion = ({ name = "", tags }: GalleryImageVersion): string => tags?.[imageTagNames.version] ?? name;

export interface ImageVersionsOptions {
  readonly pollMs?: number;
  /** Removes what a version was copied from. @default it stays */
  readonly removeDisk?: (image: string, version: string) => Promise<void>;
}

/**
 * Versions of images in the gallery. Which one is promoted is a tag of the image's definition: one call flips it, and
 * whoever looks finds the old or the new one. `excludeFromLatest` follows, for whoever uses the definition's id.
 */
export function imageVersions(
  { compute }: AzureClients,
  own: AzureSettings,
  { pollMs = 5000, removeDisk }: ImageVersionsOptions = {},
): ImageVersions {
  const { resourceGroup, gallery } = own;
  const versions = compute.galleryImageVersions;
  const options = { updateIntervalInMs: pollMs };

  async function definition(name: string): Promise<GalleryImage | undefined> {
    try {
      return await compute.galleryImages.get(resourceGroup, gallery, name);
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Ids of all versions, in lower case, that a machine of the subscription was made of. */
  async function used(): Promise<Set<string>> {
    const machines = await gathered(compute.virtualMachines.listAll());
    return new Set(machines.map(({ storageProfile }) => storageProfile?.imageReference?.id?.toLowerCase() ?? ""));
  }

  async function exclude(name: string, version: GalleryImageVersion, excludeFromLatest: boolean): Promise<void> {
    const { name: versionName = "", publishingProfile, ...rest } = version;
    if (Boolean(publishingProfile?.excludeFromLatest) === excludeFromLatest) return;
    // The whole of it: what a partial update leaves out of a profile is not said.
    await versions.createOrUpdate(
      resourceGroup,
      gallery,
      name,
      versionName,
      { ...rest, publishingProfile: { ...publishingProfile, excludeFromLatest } },
      options,
    );
  }

  async function list(name: string): Promise<PublishedVersion[]> {
    const image = await definition(name);
    if (!image) return [];
    const [found, inUse] = await Promise.all([
      gathered(versions.listByGalleryImage(resourceGroup, gallery, name)),
      used(),
    ]);
    return found
      .sort((a, b) => compareGalleryVersions(a.name ?? "", b.name ?? ""))
      .map((one) => ({
        version: localVersion(one),
        id: one.id ?? "",
        promoted: image.tags?.[pointerTags.promoted] === localVersion(one),
        previous: image.tags?.[pointerTags.previous] === localVersion(one),
        createdAt: one.publishingProfile?.publishedDate?.toISOString() ?? "",
        inUse: inUse.has(one.id?.toLowerCase() ?? ""),
      }));
  }

  return {
    list,

    async promote(name, version) {
      const image = await definition(name);
      const found = image ? await gathered(versions.listByGalleryImage(resourceGroup, gallery, name)) : [];
      const chosen = found.find((one) => localVersion(one) === version);
      if (!image || chosen?.provisioningState !== "Succeeded")
        throw new UserError(
          `there is no whole version ${version} of image ${name} in gallery ${gallery}`,
          `see \`kmvm image ls ${name} --backend azure\``,
        );
      // First let it be the latest, then flip, then take out what is newer: at no moment is there none.
      await exclude(name, chosen, false);
      const before = image.tags?.[pointerTags.promoted];
      if (before !== version)
        await compute.galleryImages.update(
          resourceGroup,
          gallery,
          name,
          {
            // What it is besides, as the reference's example of an update has it: whether tags alone do is not said.
            ...(image.osType ? { osType: image.osType } : {}),
            ...(image.osState ? { osState: image.osState } : {}),
            ...(image.hyperVGeneration ? { hyperVGeneration: image.hyperVGeneration } : {}),
            ...(image.identifier ? { identifier: image.identifier } : {}),
            tags: {
              ...image.tags,
              [pointerTags.promoted]: version,
              ...(before ? { [pointerTags.previous]: before } : {}),
            },
          },
          options,
        );
      for (const one of found)
        if (compareGalleryVersions(one.name ?? "", chosen.name ?? "") > 0) await exclude(name, one, true);
    },

    async remove(name, version) {
      const found = (await list(name)).find((one) => one.version === version);
      if (!found) return;
      if (found.promoted)
        throw new UserError(`${name}@${version} is the promoted version`, "promote another one first");
      if (found.inUse)
        throw new UserError(`a machine was made of ${name}@${version}`, "delete it first: kmvm ls shows it");
      // First: when that fails, the version is still there to be met by the next attempt.
      await removeDisk?.(name, version);
      const number = found.id.split("/").at(-1) ?? "";
      await versions.delete(resourceGroup, gallery, name, number, options);
    },
  };
}
