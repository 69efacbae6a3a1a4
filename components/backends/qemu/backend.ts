import * as pulumi from "@pulumi/pulumi";
import { Image } from "../../kmvm/image";
import { Machine } from "../../kmvm/machine";
import type { Backend, ImageArgs, MachineArgs } from "../backend";
import { capabilities } from "./capabilities";
import { validate } from "./validate";

/** Machines of the local QEMU, from images of the local store. */
export const qemu: Backend = {
  name: "qemu",
  capabilities,
  validate,

  image(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const image = new Image(name, { recipe: args.recipe }, opts);
    return { resource: image, version: image.version };
  },

  machine(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings } = args;
    const machine = new Machine(
      name,
      {
        machineId: pulumi.interpolate`${settings.stack.full}-${args.runId}`,
        image: settings.image,
        boot: settings.qemu.boot,
        start: settings.start,
        // Not as false: machines that are kept from before it existed have no such property, and would be replaced.
        ...(settings.isolate === "directory" ? { cloneable: true } : {}),
        vcpus: settings.vcpus,
        memoryMiB: settings.memoryMiB,
        diskGiB: settings.diskGiB,
        expiresAt: args.expiresAt,
        authorizedKey: args.authorizedKey,
        hostPublicKey: args.hostKey.publicKey,
        hostPrivateKey: args.hostKey.privateKey,
        tags: {
          project: pulumi.getProject(),
          backendHash: args.backendHash,
          stack: settings.stack.full,
          runId: args.runId,
          createdAt: args.createdAt,
          owner: args.owner,
        },
      },
      opts,
    );
    return {
      resource: machine,
      id: machine.id,
      address: machine.address,
      port: machine.port,
      user: machine.user,
      imageVersion: machine.imageVersion,
      accelerator: machine.accelerator,
      consolePath: machine.consolePath,
      folder: machine.folder,
    };
  },
};
