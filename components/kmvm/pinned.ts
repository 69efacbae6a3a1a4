import * as pulumi from "@pulumi/pulumi";

export interface PinnedArgs {
  /** What was asked for: `L0-base`. Another one is another choice. */
  readonly subject: pulumi.Input<string>;
  /** What that means now. */
  readonly current: pulumi.Input<string>;
}

/** A choice that is made once: what a name meant when the resource was created, whatever it comes to mean later. */
export class Pinned extends pulumi.CustomResource {
  declare readonly value: pulumi.Output<string>;

  constructor(name: string, args: PinnedArgs, opts?: pulumi.CustomResourceOptions) {
    super("kmvm:index:Pinned", name, { ...args, value: undefined }, opts);
  }
}
