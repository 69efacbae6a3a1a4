import { z } from "zod";
import type { Settings } from "../../../stacks/settings";
import type { Quota, QuotaFigure } from "../facets";
import type { AzureClients } from "./clients";
import { machinePlan } from "./machine-plan";
import { families } from "./sizes";

/** One line of `usage.list`. */
export interface Usage {
  readonly name?: { readonly value?: string | undefined } | undefined;
  readonly currentValue?: number | undefined;
  readonly limit?: number | undefined;
}

/** All vCPUs of the region together, and those of machines that can be taken away. */
const regional = "cores";
const spotCores = "lowPriorityCores";

/** Spelled with and without spaces and capitals, in usages and in sizes. */
const plain = (name: string) => name.toLowerCase().replace(/\s/g, "");

/**
 * The limits that a machine meets: both its family's and the region's; one that can be taken away has a limit of its
 * own instead (learn.microsoft.com/azure/virtual-machines/quotas). Pure.
 */
export function figuresFor(settings: Settings, usages: readonly Usage[]): QuotaFigure[] {
  const { own, size, spot } = machinePlan(settings);
  return (spot ? [spotCores] : [families[size.family].quota, regional]).flatMap((name) => {
    const usage = usages.find((one) => plain(one.name?.value ?? "") === plain(name));
    if (usage?.limit === undefined) return [];
    const { currentValue: used = 0, limit } = usage;
    return [{ name, region: own.location, unit: "vCPU", used, limit, needed: size.vcpus }];
  });
}

/** Limits that an address of tier Standard meets; which of them a region lists is its own affair. */
const addresses = ["IPv4StandardSkuPublicIpAddresses", "StandardSkuPublicIPAddresses", "PublicIPAddresses"].map(plain);

/**
 * The one of a machine's address that leaves least: ten or twenty in a new subscription, and those of groups that are being
 * deleted count (learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits). Pure.
 */
export function addressFigure(region: string, usages: readonly Usage[]): QuotaFigure[] {
  return usages
    .flatMap(({ name, currentValue: used = 0, limit }) =>
      name?.value !== undefined && limit !== undefined && addresses.includes(plain(name.value))
        ? [{ name: name.value, region, unit: "address", used, limit, needed: 1 }]
        : [],
    )
    .sort((a, b) => a.limit - a.used - (b.limit - b.used))
    .slice(0, 1);
}

const usagesSchema = z.array(
  z.object({ name: z.object({ value: z.string() }), currentValue: z.number(), limit: z.number() }),
);

export function quota({ compute, arm }: AzureClients): Quota {
  const ofCompute = async (location: string): Promise<Usage[]> => {
    const usages: Usage[] = [];
    for await (const usage of compute.usage.list(location)) usages.push(usage);
    return usages;
  };
  const ofNetwork = async (location: string): Promise<Usage[]> =>
    usagesSchema.parse(
      await arm.list(`/providers/Microsoft.Network/locations/${location}/usages?api-version=2024-05-01`),
    );
  return {
    async figures(settings) {
      const { location } = machinePlan(settings).own;
      const [machines, network] = await Promise.all([ofCompute(location), ofNetwork(location)]);
      return [...figuresFor(settings, machines), ...addressFigure(location, network)];
    },
  };
}
