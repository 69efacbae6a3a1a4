/** Numbers from 0 to 1 that the same seed gives again: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** $KMVM_SEED repeats a run that failed. It is printed, so that it can. */
export function seedOfRun(): number {
  const seed = Number(process.env["KMVM_SEED"] ?? Date.now() % 1_000_000);
  process.stderr.write(`KMVM_SEED=${seed}\n`);
  return seed;
}

/** Milliseconds from 0 to `duration`: random, one in each of `count` equal parts, in a random order. */
export function killMoments(seed: number, count: number, duration: number): number[] {
  const random = randomNumbers(seed);
  const moments = Array.from({ length: count }, (_, part) => Math.round(((part + random()) / count) * duration));
  return moments
    .map((moment) => ({ moment, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ moment }) => moment);
}
