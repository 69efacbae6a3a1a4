import { getGalleryImageOutput } from "@pulumi/azure-native/compute";
import * as pulumi from "@pulumi/pulumi";
import { imageReference } from "../../../lib/image-reference";
import { pointerTags } from "./image-tags";
import { galleryVersion, imageVersionId } from "./names";
import type { AzureSettings } from "./settings";

/**
 * The version that an image's definition says is promoted. Pure.
 * @throws RunError, which the engine shows without a stack, where none is
 */
export function promotedIn(tags: Readonly<Record<string, string>> | undefined, name: string, gallery: string): string {
  const promoted = tags?.[pointerTags.promoted];
  if (promoted) return promoted;
  throw new pulumi.RunError(
    `no version of image ${name} is promoted in gallery ${gallery}\npromote one: kmvm image promote ${name} --backend azure`,
  );
}

/** The version that `image` means now, as the local store has it: the one that it names, else the promoted one. */
export function versionNow(image: string, own: AzureSettings, opts: pulumi.InvokeOutputOptions): pulumi.Output<string> {
  const { name, version: asked } = imageReference(image);
  if (asked) return pulumi.output(asked);
  const { resourceGroup, gallery } = own;
  return getGalleryImageOutput(
    { resourceGroupName: resourceGroup, galleryName: gallery, galleryImageName: name },
    opts,
  ).apply(({ tags }) => promotedIn(tags, name, gallery));
}

/** Resource id of a version in the gallery. Pure. */
export function versionId(image: string, version: string, own: AzureSettings): string {
  const { resourceGroup: group, gallery, subscriptionId } = own;
  const number = galleryVersion(version);
  if (!number) throw new pulumi.RunError(`${image} has a version that kmvm did not publish: ${version}`);
  return imageVersionId(subscriptionId, { group, gallery, image: imageReference(image).name, version: number });
}
