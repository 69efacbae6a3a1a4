import { galleryVersion } from "../../../components/backends/azure/names";
import { pointerTags } from "../../../components/backends/azure/image-tags";
import { bootedKind, type Booted } from "../azure/machine-power";
import { getResource, type Subscription } from "../azure/subscription";
import { diskOf } from "../azure/version-disk";
import { imageId } from "./azure";
import type { FoundImage, PublishedImages } from "./published-images";

function versionOf(subscription: Subscription, version: string): FoundImage {
  const id = `${imageId}/versions/${galleryVersion(version) ?? version}`;
  const state = getResource(subscription, id)?.properties["provisioningState"];
  const disk = diskOf(subscription, id);
  if (!disk || state !== "Succeeded") throw new Error(`${id} is not there, or not whole: ${String(state)}`);
  return { version, id, disk: { path: disk.path, format: disk.format } };
}

/** What a subscription holds of the image. */
export const publishedToAzure = (subscription: Subscription): PublishedImages => ({
  promoted() {
    const promoted = getResource(subscription, imageId)?.tags?.[pointerTags.promoted];
    if (promoted === undefined) throw new Error("no version is promoted");
    return versionOf(subscription, promoted);
  },
  version: (version) => versionOf(subscription, version),
  bootedFrom: () => subscription.store.list<Booted>(bootedKind).map((one) => one.imageId),
});
