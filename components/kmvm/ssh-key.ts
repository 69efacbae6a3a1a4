import * as pulumi from "@pulumi/pulumi";

export interface SshKeyArgs {
  /** Last word of the public key line. @default "kmvm" */
  readonly comment?: pulumi.Input<string>;
}

/** An ed25519 key pair in OpenSSH's formats, made when the resource is created. */
export class SshKey extends pulumi.CustomResource {
  /** One line, as in authorized_keys. */
  declare readonly publicKey: pulumi.Output<string>;
  /** Secret. */
  declare readonly privateKey: pulumi.Output<string>;
  /** `SHA256:…`, as ssh-keygen -l prints it. */
  declare readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: SshKeyArgs = {}, opts?: pulumi.CustomResourceOptions) {
    super(
      "kmvm:index:SshKey",
      name,
      { comment: args.comment, publicKey: undefined, privateKey: undefined, fingerprint: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["privateKey"] }),
    );
  }
}
