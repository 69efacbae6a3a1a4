import type { Settings } from "../../../stacks/settings";
import type { Offer, Pricing } from "../backend";
import { ownSettings } from "./own-settings";
import { chosenType } from "./choose-size";
import { findType } from "./sizes";

/** Regions that charge the same. */
const sameInUs = ["us-east-1", "us-east-2", "us-west-2"] as const;

/**
 * USD for an hour of one vCPU of a family, Linux, on demand: within a family the price grows with the vCPUs
 * (aws.amazon.com/ec2/pricing/on-demand). Regions that are not named are not known.
 */
const perVcpu: Readonly<Record<string, { readonly regions: readonly string[]; readonly usd: number }>> = {
  "m8i-flex": { regions: sameInUs, usd: 0.050274 },
  m8i: { regions: sameInUs, usd: 0.05292 },
  "c8i-flex": { regions: sameInUs, usd: 0.0445125 },
  c8i: { regions: sameInUs, usd: 0.0468563 },
  "r8i-flex": { regions: sameInUs, usd: 0.0659846 },
  r8i: { regions: sameInUs, usd: 0.0694575 },
  m7i: { regions: sameInUs, usd: 0.0504 },
  c7i: { regions: sameInUs, usd: 0.044625 },
  r7i: { regions: sameInUs, usd: 0.06615 },
  m5: { regions: sameInUs, usd: 0.048 },
  c5: { regions: sameInUs, usd: 0.0425 },
  r5: { regions: sameInUs, usd: 0.063 },
};

/** A public IPv4 address, by the hour (aws.amazon.com/vpc/pricing). */
const publicAddress = 0.005;

/** gp3, for a GiB and a month of 730 hours, in the same regions (aws.amazon.com/ebs/pricing). */
const diskMonth = 0.08;

/** What a machine is charged as, its public address included. */
export const pricing: Pricing = {
  asOf: "2026-11-22",

  /**
   * A spot machine is charged at most what one on demand is
   * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-spot-instances-work.html); its price changes by the hour, so that
   * most is what is told.
   */
  hourly(size: string, region: string, _spot: boolean): number | undefined {
    const type = findType(size);
    const price = type && perVcpu[type.family];
    return type && price?.regions.includes(region) ? type.vcpus * price.usd + publicAddress : undefined;
  },

  diskHourly: ({ diskGiB }) => (diskGiB * diskMonth) / 730,

  offer(settings: Settings): Offer {
    return { size: chosenType(settings)?.name ?? "", region: ownSettings(settings).region, spot: settings.spot };
  },
};
