import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import type { Leftovers } from "../facets";
import { publishingMs } from "../publishing-time";
import type { AzureClients } from "./clients";
import { findGalleryVersion } from "./gallery-version";
import { galleryVersion } from "./names";
import { callStorage, removeBlob, type StorageAccess } from "./page-blob";
import { hasStatus } from "./refusals";
import type { AzureSettings } from "./settings";

/** `L0-base-20260101.1-0123456789ab.vhd`, as publishing names disks; what is called otherwise is not ours. */
const diskName = /^([\w.-]+)-(\d{8}\.\d{1,9}-[0-9a-f]{12})\.vhd$/;

interface UploadedDisk {
  readonly image: string;
  readonly version: string;
  readonly url: string;
  readonly createdAt: number;
}

/** Parts of the answer of learn.microsoft.com/rest/api/storageservices/list-blobs. */
const pageSchema = z.object({
  EnumerationResults: z.object({
    Blobs: z.union([
      z.literal(""),
      z.object({
        Blob: z.array(z.object({ Name: z.string(), Properties: z.object({ "Creation-Time": z.string() }) })),
      }),
    ]),
    NextMarker: z.string().default(""),
  }),
});
const parser = new XMLParser({ isArray: (name) => name === "Blob", parseTagValue: false });

async function uploadedDisks(container: string, access: StorageAccess): Promise<UploadedDisk[]> {
  const found: UploadedDisk[] = [];
  let marker = "";
  do {
    const url = `${container}?restype=container&comp=list${marker === "" ? "" : `&marker=${encodeURIComponent(marker)}`}`;
    const { bodyAsText } = await callStorage(access, { method: "GET", url });
    const { Blobs, NextMarker } = pageSchema.parse(parser.parse(bodyAsText ?? "")).EnumerationResults;
    for (const { Name, Properties } of Blobs === "" ? [] : Blobs.Blob) {
      const [, image, version] = diskName.exec(Name) ?? [];
      if (image === undefined || version === undefined) continue;
      found.push({ image, version, url: `${container}/${Name}`, createdAt: Date.parse(Properties["Creation-Time"]) });
    }
    marker = NextMarker;
  } while (marker !== "");
  return found;
}

/**
 * Disks that were uploaded for a version that there is none of: of a publishing that was cut short and was not taken up
 * again. Whoever may not look into the storage has published nothing.
 */
export function spareDisks(
  clients: AzureClients,
  { resourceGroup, gallery }: AzureSettings,
  container: string,
  access: StorageAccess,
  now: () => number = Date.now,
): Leftovers {
  const hasVersion = async ({ image, version }: UploadedDisk): Promise<boolean> => {
    const number = galleryVersion(version);
    return (
      number === undefined ||
      (await findGalleryVersion(clients, { resourceGroup, gallery, image, number })) !== undefined
    );
  };
  const spare = async (): Promise<UploadedDisk[]> => {
    try {
      const old = (await uploadedDisks(container, access)).filter(({ createdAt }) => now() - createdAt > publishingMs);
      const used = await Promise.all(old.map(hasVersion));
      return old.filter((_, index) => !used[index]);
    } catch (error) {
      if (hasStatus(error, 403, 404)) return [];
      throw error;
    }
  };
  return {
    list: async () =>
      (await spare()).map(({ image, version, url, createdAt }) => ({
        id: url,
        stage: "being made",
        machineId: `${image}@${version}`,
        changedAt: createdAt,
      })),
    async remove(id) {
      // One that has a version by now was published after all.
      if ((await spare()).some(({ url }) => url === id)) await removeBlob(id, access);
    },
  };
}
