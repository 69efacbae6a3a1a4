import * as pulumi from "@pulumi/pulumi";

/** Marks by which a machine is found and attributed when no state knows it any more. */
export interface MachineTagsArgs {
  readonly project: pulumi.Input<string>;
  /** Hash of the URL of the state that owns the machine. */
  readonly backendHash: pulumi.Input<string>;
  readonly stack: pulumi.Input<string>;
  readonly runId: pulumi.Input<string>;
  readonly createdAt: pulumi.Input<string>;
  readonly owner: pulumi.Input<string>;
}

export interface MachineArgs {
  /** Name of the machine on this host: 1 to 63 of a-z, 0-9 and -. */
  readonly machineId: pulumi.Input<string>;
  /** `L0-base`: the version promoted when the machine is made; `L0-base@<version>`: that one. */
  readonly image: pulumi.Input<string>;
  /** direct: QEMU loads the kernel; uefi: the firmware does, from the disk. */
  readonly boot: pulumi.Input<"direct" | "uefi">;
  /** auto: as a clone of a booted machine where that is possible; cold: boot; warm: as a clone or not at all. @default auto */
  readonly start?: pulumi.Input<"auto" | "cold" | "warm">;
  /** Whether it can be saved, to start clones from it. @default false */
  readonly cloneable?: pulumi.Input<boolean>;
  readonly vcpus: pulumi.Input<number>;
  readonly memoryMiB: pulumi.Input<number>;
  readonly diskGiB: pulumi.Input<number>;
  /** ISO 8601; QEMU ends then, whatever else is dead. */
  readonly expiresAt: pulumi.Input<string>;
  /** Public key that may log in, one OpenSSH line. */
  readonly authorizedKey: pulumi.Input<string>;
  /** Key by which the machine shows that it is itself, one OpenSSH line. */
  readonly hostPublicKey: pulumi.Input<string>;
  /** Secret. */
  readonly hostPrivateKey: pulumi.Input<string>;
  readonly tags: pulumi.Input<MachineTagsArgs>;
}

/** A virtual machine of the local QEMU. Made = QEMU runs; that ssh answers is for others to wait for. */
export class Machine extends pulumi.CustomResource {
  /** Loopback address of its own, 127.x.y.z. */
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;
  declare readonly user: pulumi.Output<string>;
  /** Its folder on this host, with QEMU's control socket qmp.sock. */
  declare readonly folder: pulumi.Output<string>;
  /** File on this host that the serial console is written to. */
  declare readonly consolePath: pulumi.Output<string>;
  /** kvm or tcg. */
  declare readonly accelerator: pulumi.Output<string>;
  declare readonly imageVersion: pulumi.Output<string>;
  /** cold or warm. */
  declare readonly started: pulumi.Output<string>;
  /** QEMU's process. */
  declare readonly pid: pulumi.Output<number>;
  /** running, stopped or half-made, as of the last up or refresh. */
  declare readonly state: pulumi.Output<string>;
  declare readonly expiresAt: pulumi.Output<string>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "kmvm:local:Machine",
      name,
      {
        ...args,
        hostPrivateKey: pulumi.secret(args.hostPrivateKey),
        address: undefined,
        port: undefined,
        user: undefined,
        folder: undefined,
        consolePath: undefined,
        accelerator: undefined,
        imageVersion: undefined,
        started: undefined,
        pid: undefined,
        state: undefined,
      },
      opts,
    );
  }
}
