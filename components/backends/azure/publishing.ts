import type { TokenCredential } from "@azure/core-auth";
import { UserError } from "../../../lib/errors";
import type { Publishing } from "../facets";
import type { AzureClients, TransportOptions } from "./clients";
import { findGalleryVersion, makeGalleryVersion, type Place } from "./gallery-version";
import { galleryVersion } from "./names";
import { removeBlob, uploadPageBlob, wholeBytes } from "./page-blob";
import type { AzureSettings } from "./settings";

/** Where disks are on their way. */
export const containerUrl = (storageAccount: string): string =>
  `https://${storageAccount}.blob.core.windows.net/kmvm-images`;

/** Publishing by our own calls, each of which can be repeated. */
export function publishing(
  clients: AzureClients,
  own: AzureSettings,
  credential: TokenCredential,
  transport: Pick<TransportOptions, "httpClient"> & { readonly pollMs?: number } = {},
): Publishing {
  const { subscriptionId, location, resourceGroup, gallery } = own;

  function storageAccount(): string {
    if (own.storageAccount) return own.storageAccount;
    throw new UserError("publishing an image to azure needs a storage account", "give storageAccount in kmvm:azure");
  }

  const { httpClient } = transport;
  const access = { credential, ...(httpClient ? { httpClient } : {}) };
  const urlOf = (image: string, version: string) => `${containerUrl(storageAccount())}/${image}-${version}.vhd`;
  const contentOf = (image: string, version: string) => `${image}@${version}`;

  function placeOf(image: string, version: string): Place {
    const number = galleryVersion(version);
    if (number) return { resourceGroup, gallery, image, number };
    throw new UserError(`${version} is no version of the local store`, "see `kmvm image ls`");
  }

  return {
    async upload({ file, image, version }, options) {
      const url = urlOf(image, version);
      await uploadPageBlob({ url, file, content: contentOf(image, version) }, { ...options, ...access });
      return url;
    },

    hasUpload: async (image, version) =>
      (await wholeBytes({ url: urlOf(image, version), content: contentOf(image, version) }, access)) !== undefined,

    removeUpload: (image, version) => removeBlob(urlOf(image, version), access),

    makeVersion({ image, version, source, tags }, { signal }) {
      const storageAccountId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${storageAccount()}`;
      const args = { ...placeOf(image, version), location, storageAccountId, uri: source, tags };
      const { pollMs } = transport;
      return makeGalleryVersion(clients, args, { signal, ...(pollMs === undefined ? {} : { pollMs }) });
    },

    hasVersion: async (image, version) => (await findGalleryVersion(clients, placeOf(image, version))) !== undefined,
  };
}
