import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../../stacks/settings";
import type { Backend, ImageArgs, MachineArgs } from "../backend";
import { capabilities } from "./capabilities";
import { AzureImage } from "./image";
import { AzureMachine } from "./machine";
import { machinePlan } from "./machine-plan";
import { asOf, hourly, premiumHourly } from "./prices";
import { validate } from "./validate";

/** Machines of Azure, each in a resource group of its own, from versions of images in a gallery. */
export const azure: Backend = {
  name: "azure",
  capabilities,
  validate,
  image: (name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) => new AzureImage(name, args, opts),
  machine: (name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) =>
    new AzureMachine(name, args, opts),
  pricing: {
    asOf,
    hourly,
    // An ephemeral one is the host's own, and not charged.
    diskHourly: ({ diskGiB, azure: own }: Settings) => (own?.osDisk === "ephemeral" ? 0 : premiumHourly(diskGiB)),
    offer(settings: Settings) {
      const { own, size, spot } = machinePlan(settings);
      return { size: size.name, region: own.location, spot };
    },
  },
};
