import type { Finding } from "../components/backends/facets";
import { messageOf, UserError } from "../lib/errors";
import { estimateText } from "../lib/cost";
import { lifetimeOf, rateOfSettings } from "../stacks/cost";
import { chooseBackend, type BackendFlags, type ChosenBackend } from "./chosen-backend";
import type { CliContext } from "./context";
import { fail, ok, warn, type Diagnosis } from "./doctor-check";
import { fits, quotaText } from "./quota-rows";

/** What was looked at, and what was seen. */
export type Seen = Diagnosis & { readonly check: string };

const seen = (check: string, diagnosis: Diagnosis): Seen => ({ check, ...diagnosis });

/** Pure. */
export function diagnosisOf({ name, level, text, fix }: Finding): Seen {
  return { check: name, health: level, why: text, ...(fix === undefined ? {} : { todo: fix }) };
}

async function preflight({ facets, settings }: ChosenBackend): Promise<Seen[]> {
  return ((await facets.preflight?.check(settings)) ?? []).map(diagnosisOf);
}

async function quota({ facets, settings }: ChosenBackend): Promise<Seen[]> {
  const figures = (await facets.quota?.figures(settings)) ?? [];
  return figures.map((figure) =>
    seen(
      "quota",
      fits(figure)
        ? ok(quotaText(figure))
        : warn(quotaText(figure), "wait, choose another size or region, or ask the provider for more"),
    ),
  );
}

function price({ backend, settings }: ChosenBackend): Promise<Seen[]> {
  const rate = rateOfSettings(backend, settings);
  return Promise.resolve(rate ? [seen("price", ok(estimateText(rate, lifetimeOf(settings))))] : []);
}

/**
 * What can be said of a backend without creating anything: credentials and permissions, quota, price. A part that breaks
 * is a diagnosis, too.
 */
export async function diagnoseBackend(context: CliContext, flags: BackendFlags): Promise<Seen[]> {
  let chosen: ChosenBackend;
  try {
    chosen = await chooseBackend(context, flags);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [seen("settings", fail(error.message, error.hint ?? "mend them"))];
  }
  const parts = { credentials: preflight, quota, price };
  const answers = await Promise.all(
    Object.entries(parts).map(async ([name, look]) => {
      try {
        return await look(chosen);
      } catch (error) {
        const hint = error instanceof UserError ? error.hint : undefined;
        return [seen(name, fail(messageOf(error), hint ?? "see the message"))];
      }
    }),
  );
  return [seen("settings", ok(`backend ${chosen.name}, profile ${flags.profile}`)), ...answers.flat()];
}
