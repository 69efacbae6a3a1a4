import * as pulumi from "@pulumi/pulumi";
import type { Backend, ImageArgs, MachineArgs } from "../backend";
import { capabilities } from "./capabilities";
import { PublishedImage } from "./image";
import { Ec2Machine } from "./machine";
import { sshPort, user } from "./machine-plan";
import { ownSettings } from "./own-settings";
import { pricing } from "./prices";
import { validate } from "./validate";

/** Machines on Amazon EC2, from images that were published to the account. */
export const aws: Backend = {
  name: "aws",
  capabilities,
  validate,
  pricing,

  image(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const image = new PublishedImage(name, args, opts);
    return { resource: image, version: image.version };
  },

  machine(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings } = args;
    const own = ownSettings(settings);
    const { instance, imageVersion } = new Ec2Machine(name, args, opts);
    return {
      resource: instance,
      id: instance.id,
      address: instance.publicIp,
      port: pulumi.output(sshPort),
      user: pulumi.output(user),
      imageVersion,
      accelerator: pulumi.output("nitro"),
      consolePath: pulumi.output(undefined),
      folder: pulumi.output(undefined),
      console: instance.id.apply((id) => ({ backend: "aws" as const, id, configuration: own })),
      offer: pulumi.output(pricing.offer(settings)),
    };
  },
};
