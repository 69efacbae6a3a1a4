import * as pulumi from "@pulumi/pulumi";
import type { PublishingPlace } from "./publishing-place";

export interface UploadedDiskArgs extends PublishingPlace {
  /** The disk on this host, in the form that the backend takes. */
  readonly file: pulumi.Input<string>;
  /** Image and version that it is the disk of: another one is another disk. */
  readonly image: pulumi.Input<string>;
  readonly version: pulumi.Input<string>;
}

/** A disk in the storage of a provider, uploaded by the backend itself. It outlives the resource. */
export class UploadedDisk extends pulumi.CustomResource {
  /** Where the provider finds it. */
  declare readonly source: pulumi.Output<string>;

  constructor(name: string, args: UploadedDiskArgs, opts?: pulumi.CustomResourceOptions) {
    super("kmvm:index:UploadedDisk", name, { ...args, source: undefined }, opts);
  }
}
