/** Where and as what a provider is asked for a machine. */
export interface Place {
  /** Instance type or size of the provider. */
  readonly size: string;
  /** Absent: the provider chooses one that has capacity. */
  readonly zone?: string;
  readonly spot: boolean;
}

/** What a place is chosen from, the best first. */
export interface Choices {
  readonly sizes: readonly string[];
  /** None: the provider chooses. */
  readonly zones: readonly string[];
  readonly spot: boolean;
}

/** So many are tried as spot, and so many on demand: an answer takes a minute, and further down it is no likelier. */
const mostOfAMarket = 6;

/**
 * Places in the order in which they are to be tried: each size in each zone, and where spot is asked for, first all of
 * that and then the same on demand. Pure.
 */
export function placesOf({ sizes, zones, spot }: Choices): Place[] {
  const where: readonly { zone?: string }[] = zones.length > 0 ? zones.map((zone) => ({ zone })) : [{}];
  const kinds = sizes.flatMap((size) => where.map((place) => ({ size, ...place }))).slice(0, mostOfAMarket);
  return (spot ? [true, false] : [false]).flatMap((market) => kinds.map((kind) => ({ ...kind, spot: market })));
}

const isSame = (a: Place, b: Place) => a.size === b.size && a.zone === b.zone && a.spot === b.spot;

/** Those that come after one. Pure. */
export function placesAfter(all: readonly Place[], tried: Place): Place[] {
  return all.slice(all.findIndex((place) => isSame(place, tried)) + 1);
}

/** `m8i.large as spot in zone us-west-2a`. */
export function placeText({ size, zone, spot }: Place): string {
  return [size, spot && "as spot", zone !== undefined && `in zone ${zone}`].filter(Boolean).join(" ");
}

/**
 * The settings that ask for a place, to be written into a stack's configuration. The choice is part of the program's
 * input then, and a preview after the update is empty. No variable of the environment overrides these. Pure.
 */
export function settingsOfPlace({ size, zone, spot }: Place): Record<string, string> {
  return { size, spot: String(spot), ...(zone === undefined ? {} : { zone }) };
}
