import { classify } from "../../../lib/cloud-errors";
import { placesAfter, placesOf, type Place } from "../../../lib/place";
import type { Settings } from "../../../stacks/settings";
import type { Placement } from "../facets";
import { chosenType, fitting } from "./choose-size";
import { errorRules, failureOf, figuresIn } from "./errors";
import { ownSettings } from "./own-settings";

/** So many types are tried: those further down are no likelier to be there, and dearer. */
const mostTypes = 4;

function places(settings: Settings): Place[] {
  const { zones = [], subnetId } = ownSettings(settings);
  const chosen = settings.size === undefined ? fitting(settings).slice(0, mostTypes) : [chosenType(settings)];
  return placesOf({
    sizes: chosen.flatMap((type) => (type ? [type.name] : [])),
    // A subnet is in one zone.
    zones: subnetId !== undefined ? [] : settings.zone === undefined ? zones : [settings.zone],
    spot: settings.spot,
  });
}

/**
 * Missing capacity is a matter of type and zone; a limit on spot machines, or what is not to be had as one, is none on
 * demand. All other refusals are the same everywhere.
 */
function next(all: readonly Place[], tried: Place, refusal: string): Place | undefined {
  const failure = failureOf(refusal);
  const { kind } = classify(errorRules, failure);
  const rest = placesAfter(all, tried);
  const aboutSpot =
    failure.codes.some((code) => /Spot/.test(code)) || (kind === "settings" && /spot/i.test(failure.text));
  if (tried.spot && aboutSpot) return rest.find(({ spot }) => !spot);
  if (kind !== "capacity") return undefined;
  const { otherZones } = figuresIn(failure.text);
  const named = rest.find(
    ({ zone, size, spot }) =>
      size === tried.size && spot === tried.spot && zone !== undefined && otherZones?.includes(zone),
  );
  return named ?? rest[0];
}

export const placement: Placement = { places, next };
