import { z } from "zod";
import { loadBackend } from "../components/backends/load";
import type { MachineSummary } from "../components/backends/facets";
import { actualUsd, estimateText, usdText, type Rate } from "../lib/cost";
import { lifetimeOf, rateOf, rateOfSettings } from "../stacks/cost";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { readState, type StackState } from "./stack-state";
import type { Engine } from "./workspace";

/** Tells what a machine will cost at most, where it costs anything. */
export async function showEstimate({ terminal }: CliContext, settings: Settings): Promise<void> {
  const rate = rateOfSettings(await loadBackend(settings.backend), settings);
  if (rate) terminal.step("cost", estimateText(rate, lifetimeOf(settings)));
}

const offerSchema = z.object({ size: z.string(), region: z.string(), spot: z.boolean() });

/** Pure: what the machine of a stack was made as, which may be another size than was asked for first. */
export function offerIn({ resources }: StackState): z.infer<typeof offerSchema> | undefined {
  const machine = resources.find(({ type }) => type === "kmvm:index:TestVm")?.outputs?.["machine"];
  return z.object({ offer: offerSchema }).safeParse(machine).data?.offer;
}

/**
 * What a machine is charged for, by what it was made as.
 * @returns undefined where nothing is charged, or where the machine is not known
 */
export async function chargedFor(
  context: CliContext,
  engine: Engine,
  settings: Settings,
  machine: MachineSummary | undefined,
): Promise<{ readonly rate: Rate; readonly createdAt: string } | undefined> {
  const { pricing } = await loadBackend(settings.backend);
  if (!pricing || !machine) return undefined;
  // A figure is not worth an error.
  const state = await readState(context, engine, settings.stack.full, "hidden").catch(() => undefined);
  const offer = (state && offerIn(state)) ?? pricing.offer(settings);
  return { rate: rateOf(pricing, offer, settings), createdAt: machine.createdAt };
}

/** Tells what a machine has cost until now. */
export function showActual(
  { terminal }: CliContext,
  charged: { readonly rate: Rate; readonly createdAt: string },
  label: "cost" | "so far",
): void {
  const now = Date.now();
  const minutes = Math.max(0, (now - Date.parse(charged.createdAt)) / 60_000).toFixed(0);
  const { what, asOf } = charged.rate;
  terminal.step(
    label,
    `${usdText(actualUsd(charged.rate, charged.createdAt, now))}: ${minutes} min of ${what} (price of ${asOf})`,
  );
}
