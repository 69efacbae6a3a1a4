/** The middle of the samples; the mean of the two middle ones where there is an even number. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  if (upper === undefined) throw new Error("no samples");
  const lower = Number.isInteger(middle) ? (sorted[middle - 1] ?? upper) : upper;
  return (lower + upper) / 2;
}

/** One measured figure of the table. */
export interface Figure {
  readonly id: string;
  readonly what: string;
  readonly unit: "s" | "MiB" | "ratio";
  readonly median: number;
  /** Every sample, in the order in which it was taken. */
  readonly runs: readonly number[];
  /** What the median should not exceed; absent where there is none, as for baselines and spans. */
  readonly limit?: number;
}

export type Samples = Record<string, number>;

/** Samples by id, of as many rounds as there were. */
export function collect(rounds: readonly Samples[]): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const round of rounds)
    for (const [id, value] of Object.entries(round)) all.set(id, [...(all.get(id) ?? []), value]);
  return all;
}
