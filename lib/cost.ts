/** What a machine costs an hour, as far as it is known. */
export interface Rate {
  /** What is charged: `m8i.xlarge in us-west-2`. */
  readonly what: string;
  /** USD; undefined: not known. */
  readonly hourlyUsd: number | undefined;
  /** Day of the figure. */
  readonly asOf: string;
}

/** Times of a run, seconds. */
export interface Lifetime {
  readonly ttl: number;
  /** How long it takes at most until the machine is removed by who made it; undefined: it is kept until its ttl. */
  readonly removedAfter: number | undefined;
}

/** USD; undefined: not known, which is not the same as nothing. */
type Usd = number | undefined;

/** What the machine costs at most, whatever happens: it is gone when it is removed, or at its expiry. Pure. */
export function estimateUsd({ hourlyUsd }: Rate, { ttl, removedAfter }: Lifetime): Usd {
  return hourlyUsd === undefined ? undefined : (hourlyUsd * Math.min(ttl, removedAfter ?? ttl)) / 3600;
}

/** What it has cost from its making until `now`, milliseconds. Pure. */
export function actualUsd({ hourlyUsd }: Rate, createdAt: string, now: number): Usd {
  return hourlyUsd === undefined ? undefined : (hourlyUsd * Math.max(0, now - Date.parse(createdAt))) / 3_600_000;
}

/** `$0.11`, `less than $0.01`, `unknown`. */
export function usdText(usd: Usd): string {
  if (usd === undefined) return "unknown";
  return usd < 0.01 ? "less than $0.01" : `$${usd.toFixed(2)}`;
}

/** Completes "cost …": `at most $0.11: m8i.xlarge in us-west-2 at $0.212 an hour (price of 2026-11-22; traffic not counted)`. */
export function estimateText(rate: Rate, lifetime: Lifetime): string {
  const { what, hourlyUsd, asOf } = rate;
  if (hourlyUsd === undefined) return `unknown: no price of ${what} is known (prices of ${asOf})`;
  const most = usdText(estimateUsd(rate, lifetime));
  return `at most ${most}: ${what} at $${String(Number(hourlyUsd.toPrecision(4)))} an hour (price of ${asOf}; traffic not counted)`;
}

/** Whether a run may cost that much: also not when nobody knows what it costs. Pure. */
export function isTooDear(estimate: Usd, maxCostUsd: number | undefined): boolean {
  return maxCostUsd !== undefined && (estimate === undefined || estimate > maxCostUsd);
}
