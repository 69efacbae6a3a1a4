import * as pulumi from "@pulumi/pulumi";
import { imageTagNames, ourProject, tagNames } from "../../../lib/tags";
import { Image } from "../../kmvm/image";
import { ImageVersion } from "../../kmvm/image-version";
import { UploadedDisk } from "../../kmvm/uploaded-disk";
import type { ImageArgs, ImageHandle } from "../backend";
import { convertedDisk, type DiskForm } from "../converted-disk";

/** What Azure takes: a fixed VHD of whole MiB. Sparse: it takes what the disk does. */
const vhd: DiskForm = { ending: "vhd", format: "vpc", options: "subformat=fixed,force_size=on" };

/**
 * One version of an image in the gallery: a candidate. Nothing here promotes it: that is for `kmvm image promote`, so
 * that a rollback is not undone by the next update of this stack. The gallery and the image's definition are there
 * already (docs/azure.md): the pointer to the promoted version is a tag of the latter, which no stack may write.
 *
 * Blob and version are made by our own plugin: azure-native has no page blobs (pulumi/pulumi-azure-native#2151), and what
 * it has made, when the answer was lost, it cannot make again nor take over (#1123, #4761).
 */
export class AzureImage extends pulumi.ComponentResource implements ImageHandle {
  readonly resource: pulumi.Resource = this;
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:azure:Image", name, {}, opts);
    const { recipe, settings, backendHash } = args;
    const own = settings.azure;
    if (!own?.storageAccount)
      throw new pulumi.RunError(
        "publishing an image to azure needs a storage account: give storageAccount in kmvm:azure, see docs/azure.md",
      );
    const parent = { parent: this };
    const source = new Image(`${name}-local`, { recipe }, parent);
    this.version = source.version;
    const disk = convertedDisk(name, source, vhd, parent);
    const place = { backend: "azure" as const, configuration: { ...own }, image: recipe, version: this.version };
    const uploaded = new UploadedDisk(
      `${name}-blob`,
      { ...place, file: disk },
      { ...parent, customTimeouts: { create: "120m" } },
    );
    new ImageVersion(
      `${name}-version`,
      {
        ...place,
        source: uploaded.source,
        tags: this.version.apply((version) => ({
          [tagNames.project]: ourProject,
          [tagNames.backendHash]: backendHash,
          [tagNames.stack]: settings.stack.full,
          [imageTagNames.image]: recipe,
          [imageTagNames.version]: version,
          Name: `${recipe}-${version}`,
        })),
      },
      { ...parent, customTimeouts: { create: "120m" } },
    );
    this.registerOutputs({ version: this.version });
  }
}
