import type { GalleryImageVersion } from "@azure/arm-compute";
import { ExitCode, UserError } from "../../../lib/errors";
import { retryUntil } from "../../../lib/retry";
import { imageTagNames } from "../../../lib/tags";
import { timeLimit } from "../../../lib/time-limit";
import type { AzureClients } from "./clients";
import { hasStatus } from "./refusals";

/** Where a version is, and what it is made of. */
export interface GalleryVersionArgs {
  readonly location: string;
  readonly resourceGroup: string;
  readonly gallery: string;
  readonly image: string;
  /** Its name in the gallery, `20260101.1.1193046`. */
  readonly number: string;
  readonly storageAccountId: string;
  /** The page blob that it is copied from. */
  readonly uri: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** How long a copy may take: a quarter of an hour is usual. */
const longestMs = 110 * 60 * 1000;

/** A candidate: not the latest for whoever asks for that. A whole copy: a shallow one is in one region, and for few. */
function bodyOf({ location, storageAccountId, uri, tags }: GalleryVersionArgs): GalleryImageVersion {
  return {
    location,
    tags: { ...tags },
    publishingProfile: {
      excludeFromLatest: true,
      replicationMode: "Full",
      storageAccountType: "Standard_LRS",
      targetRegions: [{ name: location, regionalReplicaCount: 1, storageAccountType: "Standard_LRS" }],
    },
    safetyProfile: { allowDeletionOfReplicatedLocations: true, blockDeletionBeforeEndOfLife: false },
    storageProfile: { osDiskImage: { hostCaching: "ReadWrite", source: { storageAccountId, uri } } },
  };
}

export interface MakingOptions {
  readonly signal: AbortSignal;
  /** Between two questions whether it is whole. @default 15 s */
  readonly pollMs?: number;
  /** How long it may take. @default 110 minutes */
  readonly limitMs?: number;
}

export type Place = Pick<GalleryVersionArgs, "resourceGroup" | "gallery" | "image" | "number">;

/** @returns undefined where there is none */
export async function findGalleryVersion(
  { compute }: AzureClients,
  { resourceGroup, gallery, image, number }: Place,
): Promise<GalleryImageVersion | undefined> {
  try {
    return await compute.galleryImageVersions.get(resourceGroup, gallery, image, number);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/**
 * Makes a version, or takes over what an attempt that was cut short has made of it: one that is whole is taken as it
 * is, one that is being made is waited for, one that failed is made anew.
 * @returns its resource id
 * @throws UserError when the version is another one, or not whole within the limit
 */
export async function makeGalleryVersion(
  clients: AzureClients,
  args: GalleryVersionArgs,
  { signal, pollMs = 15_000, limitMs = longestMs }: MakingOptions,
): Promise<string> {
  const { resourceGroup, gallery, image, number } = args;
  const versions = clients.compute.galleryImageVersions;
  const limit = timeLimit(limitMs);
  const options = { updateIntervalInMs: pollMs, abortSignal: AbortSignal.any([signal, limit]) };
  const settled = () =>
    retryUntil({
      what: `version ${number} of ${image}, which is being made already`,
      // Both waits have one limit, that of the signal.
      timeoutMs: Infinity,
      intervalMs: pollMs,
      signal: options.abortSignal,
      attempt: async () => {
        const found = await findGalleryVersion(clients, args);
        const busy = /^(Creating|Updating|Deleting|Migrating)$/.test(found?.provisioningState ?? "");
        return busy ? undefined : { found };
      },
    });
  try {
    const { found } = await settled();
    if (found && found.tags?.[imageTagNames.version] !== args.tags[imageTagNames.version])
      throw new UserError(
        `version ${number} of ${image} in gallery ${gallery} is another one: ${found.tags?.[imageTagNames.version] ?? "not kmvm's"}`,
        "remove it, or publish under another name",
        ExitCode.Infrastructure,
      );
    if (found?.provisioningState === "Succeeded") return found.id ?? "";
    if (found) await versions.delete(resourceGroup, gallery, image, number, options);
    const made = await versions.createOrUpdate(resourceGroup, gallery, image, number, bodyOf(args), options);
    return made.id ?? "";
  } catch (error) {
    if (!limit.aborted || signal.aborted || error instanceof UserError) throw error;
    throw new UserError(
      `version ${number} of ${image} in gallery ${gallery} was not whole within ${Math.round(limitMs / 1000)} s`,
      "publish again: what Azure has made of it until then is taken over",
      ExitCode.Infrastructure,
    );
  }
}
