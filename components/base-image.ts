import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../stacks/settings";
import type { Backend } from "./backends/backend";

export interface BaseImageArgs {
  readonly backend: Backend;
  /** Name of the recipe: recipes/<name>.yaml. */
  readonly recipe: string;
  readonly settings: Settings;
  /** Hash of the URL of the state; see `MachineArgs`. */
  readonly backendHash: string;
}

/** A base image on a backend: built, smoke-tested and promoted when its recipe is new, left alone when it is not. */
export class BaseImage extends pulumi.ComponentResource {
  /** The version that the recipe as it is now has. */
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: BaseImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:index:BaseImage", name, {}, opts);
    this.version = args.backend.image(`${name}-image`, args, { parent: this }).version;
    this.registerOutputs({ version: this.version });
  }
}
