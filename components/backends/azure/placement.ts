import { classify } from "../../../lib/cloud-errors";
import { placesAfter, placesOf, type Place } from "../../../lib/place";
import type { Settings } from "../../../stacks/settings";
import type { Placement } from "../facets";
import { chosenSize, fitting } from "./choose-size";
import { errorRules, failureOf, quotaRefusal } from "./errors";
import type { Size } from "./sizes";
import { needOf } from "./validate";

/**
 * One of each family, the smallest that does: a family is the hardware that has capacity or not, and has a quota of its
 * own. Pure.
 */
function ofEachFamily(sizes: readonly Size[]): Size[] {
  return sizes.filter((size, index) => sizes.findIndex(({ family }) => family === size.family) === index);
}

/** So many sizes are tried: those further down are dearer. */
const mostSizes = 4;

function places(settings: Settings): Place[] {
  const need = needOf(settings);
  const chosen = settings.size === undefined ? ofEachFamily(fitting(need)) : [chosenSize(need, settings.size)];
  return placesOf({
    sizes: chosen.slice(0, mostSizes).flatMap((size) => (size ? [size.name] : [])),
    zones: settings.zone === undefined ? (settings.azure?.zones ?? []) : [settings.zone],
    spot: settings.spot,
  });
}

/** The quota that all machines of a region, but those that can be taken away, have together. */
const ofTheRegion = /^Total Regional/i;

/**
 * Missing capacity is a matter of size and zone; a quota is one of the family, whatever the zone; of what is refused to
 * machines that can be taken away, their quota (lowPriorityCores) too, nothing holds for others. All other refusals are
 * the same everywhere.
 */
function next(all: readonly Place[], tried: Place, refusal: string): Place | undefined {
  const failure = failureOf(refusal);
  const { kind } = classify(errorRules, failure);
  const rest = placesAfter(all, tried);
  const quota = kind === "quota" ? quotaRefusal(failure.text) : undefined;
  const aboutSpot =
    failure.codes.some((code) => /Spot|^VMPriority/.test(code)) ||
    (kind === "quota" && /low ?priority/i.test(failure.text));
  if (tried.spot && aboutSpot) return rest.find(({ spot }) => !spot);
  if (quota && !ofTheRegion.test(quota.name)) return rest.find(({ size }) => size !== tried.size);
  return kind === "capacity" ? rest[0] : undefined;
}

export const placement: Placement = { places, next };
