/** The shares of a quota that are told of, in per cent, the highest first. */
const SHARES = [100, 90, 80] as const;

/** The highest share that is reached; 0: none. Pure. */
export function shareReached(used: number, max: number): 0 | 80 | 90 | 100 {
  if (used === 0) return 0;
  return SHARES.find((share) => used * 100 >= share * max) ?? 0;
}
