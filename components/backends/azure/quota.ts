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

export function quota({ compute }: AzureClients): Quota {
  return {
    async figures(settings) {
      const usages: Usage[] = [];
      for await (const usage of compute.usage.list(machinePlan(settings).own.location)) usages.push(usage);
      return figuresFor(settings, usages);
    },
  };
}
