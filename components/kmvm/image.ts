import * as pulumi from "@pulumi/pulumi";

export interface ImageArgs {
  /** Name of the recipe. */
  readonly recipe: pulumi.Input<string>;
}

/** A base image in the local store, built, smoke-tested and promoted whenever its recipe has changed. */
export class Image extends pulumi.CustomResource {
  /** The promoted version, `YYYYMMDD.N-<key>`. */
  declare readonly version: pulumi.Output<string>;
  /** Hash of everything that the image is made from. */
  declare readonly key: pulumi.Output<string>;
  /** Folder of that version in the store. */
  declare readonly folder: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.CustomResourceOptions) {
    super("kmvm:local:Image", name, { ...args, version: undefined, key: undefined, folder: undefined }, opts);
  }
}
