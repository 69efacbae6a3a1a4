import type { Backend, Offer, Pricing, Problem } from "../components/backends/backend";
import { estimateUsd, isTooDear, usdText, type Lifetime, type Rate } from "../lib/cost";
import { runnerSeconds } from "../lib/run-limits";
import type { Settings } from "./settings";

/** What is charged for an offer, with the disk of the settings. Pure. */
export function rateOf(pricing: Pricing, { size, region, spot }: Offer, settings: Settings): Rate {
  const { asOf, hourly, diskHourly } = pricing;
  const what = `${size}${spot ? " as spot" : ""} in ${region}`;
  const machine = hourly(size, region, spot);
  return { what, asOf, hourlyUsd: machine === undefined ? undefined : machine + diskHourly(settings) };
}

/** Minutes in which a machine is charged before its runner begins and after it has ended: making and removing it. */
const aroundSeconds = 15 * 60;

/** How long what a stack makes lives at most. Pure. */
export function lifetimeOf({ stack, ttl, keep, limits }: Settings): Lifetime {
  const removed = stack.kind === "test" && keep === "never";
  return { ttl, removedAfter: removed ? runnerSeconds(limits) + aroundSeconds : undefined };
}

/** What one machine of these settings costs; undefined where nothing is charged. Pure. */
export function rateOfSettings({ pricing }: Backend, settings: Settings): Rate | undefined {
  return pricing && rateOf(pricing, pricing.offer(settings), settings);
}

/** Whether the settings cost more than they allow themselves. The settings have passed `validate`. Pure. */
export function costProblems(backend: Backend, settings: Settings): Problem[] {
  const rate = rateOfSettings(backend, settings);
  if (!rate || settings.stack.kind === "l0") return [];
  const estimate = estimateUsd(rate, lifetimeOf(settings));
  if (!isTooDear(estimate, settings.maxCostUsd)) return [];
  return [
    {
      key: "maxCostUsd",
      value: settings.maxCostUsd,
      allowed: `at least what the run can cost: ${usdText(estimate)} (${rate.what}, prices of ${rate.asOf})`,
      fix:
        estimate === undefined
          ? "choose a size with a known price, or set no limit"
          : "shorten ttl or timeout, choose a smaller size, or allow more",
    },
  ];
}
