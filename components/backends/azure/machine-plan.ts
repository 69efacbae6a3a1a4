import { createHash } from "node:crypto";
import type { compute } from "@pulumi/azure-native/types/input";
import type { Settings } from "../../../stacks/settings";
import { chosenSize } from "./choose-size";
import type { AzureSettings } from "./settings";
import { families, type Size } from "./sizes";
import { needOf } from "./validate";

/** Address space of a machine's network, which has nothing else in it. */
export const subnetPrefix = "10.77.0.0/28";

/** What is known of a machine before anything is made. */
export interface MachinePlan {
  readonly own: AzureSettings;
  readonly size: Size;
  readonly spot: boolean;
  /** Absent: the location chooses. */
  readonly zone: string | undefined;
  readonly diskGiB: number;
}

/** Pure. The settings have passed `validate`. */
export function machinePlan(settings: Settings): MachinePlan {
  const size = chosenSize(needOf(settings), settings.size);
  if (!size || !settings.azure) throw new Error("settings that were not validated");
  const { azure: own, spot, diskGiB } = settings;
  return { own, size, spot, zone: settings.zone ?? own.zones?.[0], diskGiB };
}

/**
 * Short name of all that a machine is made of. Its address and interface carry it: the provider deletes them with the
 * machine, so another machine, which takes the place of this one, must have others. Nothing secret goes in. Pure.
 */
export function generation(parts: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8);
}

/**
 * The system disk. Managed disks are encrypted at rest, always
 * (learn.microsoft.com/azure/virtual-machines/disk-encryption); the host's own disks are as well, for the sizes of
 * sizes.ts. An ephemeral disk needs read-only caching (learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks).
 */
export function systemDisk({ own, size, diskGiB }: MachinePlan): compute.OSDiskArgs {
  const common = { createOption: "FromImage", deleteOption: "Delete", osType: "Linux", diskSizeGB: diskGiB } as const;
  const placement = families[size.family].ephemeral;
  if (own.osDisk === "ephemeral" && placement)
    return {
      ...common,
      caching: "ReadOnly",
      managedDisk: { storageAccountType: "Standard_LRS" },
      diffDiskSettings: { option: "Local", placement },
    };
  return { ...common, caching: "ReadWrite", managedDisk: { storageAccountType: "Premium_LRS" } };
}

/**
 * Always said, because what is assumed where it is not changes with the API's version. Secure boot is off: neither the
 * boot loader of the image nor kkm.ko is signed with a key that the firmware knows.
 */
export const securityProfile = {
  securityType: "TrustedLaunch",
  uefiSettings: { secureBootEnabled: false, vTpmEnabled: true },
} as const satisfies compute.SecurityProfileArgs;

/** Of a machine that the provider may take away: it goes with all that it has, and costs at most what others do. */
export function purchase({ spot }: MachinePlan): {
  priority?: string;
  evictionPolicy?: string;
  billingProfile?: compute.BillingProfileArgs;
} {
  return spot ? { priority: "Spot", evictionPolicy: "Delete", billingProfile: { maxPrice: -1 } } : {};
}
