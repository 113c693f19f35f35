/** Seeded numbers: the same seed is the same rollout, on every machine. */

// Taken once: in a test's own realm every look-up of a global is slow, and these run by the million.
const { sqrt, log, cos, exp, imul, PI } = Math;

export type Random = () => number;

/** mulberry32: 32 bits of state, good enough to sample traffic. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

export function normal(random: Random): number {
  return sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
}

export function poisson(random: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + sqrt(mean) * normal(random)));
  const limit = exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

export function binomial(random: Random, n: number, share: number): number {
  if (n <= 500) {
    let hits = 0;
    for (let trial = 0; trial < n; trial += 1) if (random() < share) hits += 1;
    return hits;
  }
  const guess =
    n * share < 30
      ? poisson(random, n * share)
      : n * share + sqrt(n * share * (1 - share)) * normal(random);
  return Math.min(n, Math.max(0, Math.round(guess)));
}
