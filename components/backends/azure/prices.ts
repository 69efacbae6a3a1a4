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

/**
 * USD for an hour; undefined: not known. Spot prices move by the hour and are not in the table. Disk and address, about
 * a cent an hour, are not in it either. Pure.
 */
export function hourly(name: string, region: string, spot: boolean): number | undefined {
  const size = findSize(name);
  const price = size && perVcpuHour[size.family]?.[region];
  return spot || price === undefined || size === undefined ? undefined : price * size.vcpus;
}
