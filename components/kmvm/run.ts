import * as pulumi from "@pulumi/pulumi";

export interface RunArgs {
  /** Full name of the stack. */
  readonly stack: pulumi.Input<string>;
  /** Seconds that what belongs to the run may live. Another value is another run. */
  readonly ttl: pulumi.Input<number>;
}

/** Identity and lifetime of one run: the randomness and the clock that a program must not have itself. */
export class Run extends pulumi.CustomResource {
  /** Eight of a-z and 0-9. */
  declare readonly runId: pulumi.Output<string>;
  /** ISO 8601, UTC, as `expiresAt`. */
  declare readonly createdAt: pulumi.Output<string>;
  declare readonly expiresAt: pulumi.Output<string>;
  /** Who made it: user@host. */
  declare readonly owner: pulumi.Output<string>;

  constructor(name: string, args: RunArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "kmvm:index:Run",
      name,
      { ...args, runId: undefined, createdAt: undefined, expiresAt: undefined, owner: undefined },
      opts,
    );
  }
}
