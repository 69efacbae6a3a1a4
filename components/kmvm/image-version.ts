import * as pulumi from "@pulumi/pulumi";
import type { PublishingPlace } from "./publishing-place";

export interface ImageVersionArgs extends PublishingPlace {
  readonly image: pulumi.Input<string>;
  readonly version: pulumi.Input<string>;
  /** `source` of an UploadedDisk. */
  readonly source: pulumi.Input<string>;
  readonly tags: pulumi.Input<Record<string, string>>;
}

/** A version of an image at a provider, made by the backend itself; its id is the provider's. It outlives the resource. */
export class ImageVersion extends pulumi.CustomResource {
  constructor(name: string, args: ImageVersionArgs, opts?: pulumi.CustomResourceOptions) {
    super("kmvm:index:ImageVersion", name, { ...args }, opts);
  }
}
