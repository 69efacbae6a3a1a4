import { findSize, type FamilyName } from "./sizes";

/** Day of the figures. */
export const asOf = "2026-11-22";

/**
 * USD for one vCPU for one hour, Linux, pay as you go. A family's sizes cost in proportion to their vCPUs. From the
 * public price list (prices.azure.com/api/retail/prices, no login). Only what was looked up is here.
 */
const perVcpuHour: Partial<Record<FamilyName, Readonly<Record<string, number>>>> = {
  Dsv5: { eastus: 0.048, westus2: 0.048, westus3: 0.048, westus: 0.056 },
  Dadsv5: { eastus: 0.0515, westus: 0.061 },
  Dsv3: { westus: 0.0585 },
};

/** A static public address of tier Standard, by the hour (azure.microsoft.com/pricing/details/ip-addresses). */
const publicAddress = 0.005;

/**
 * Premium disks are charged by their tier: GiB up to which each goes, and USD for a month of 730 hours. Of the public
 * list (azure.microsoft.com/pricing/details/managed-disks), rounded up by a tenth and more, since regions differ.
 */
const diskTiers: readonly (readonly [gib: number, usd: number])[] = [
  [4, 1],
  [8, 2],
  [16, 3],
  [32, 6],
  [64, 12],
  [128, 23],
  [256, 44],
  [512, 84],
  [1024, 155],
];

/** USD for an hour of a premium disk; one beyond the table as the largest in it, as often as it goes in. Pure. */
export function premiumHourly(diskGiB: number): number {
  const [largest, most] = diskTiers.at(-1) ?? [1, 0];
  const month = diskTiers.find(([gib]) => gib >= diskGiB)?.[1] ?? most * Math.ceil(diskGiB / largest);
  return month / 730;
}

/**
 * USD for an hour, the address included; undefined: not known. Spot prices move by the hour and are not in the table.
 * Pure.
 */
export function hourly(name: string, region: string, spot: boolean): number | undefined {
  const size = findSize(name);
  const price = size && perVcpuHour[size.family]?.[region];
  return spot || price === undefined || size === undefined ? undefined : price * size.vcpus + publicAddress;
}
