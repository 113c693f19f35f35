/** Small sums that several parts of the gate share. */

/** NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of a sample (n − 1); 0 of a single value. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

export function clamp(value: number, smallest: number, largest: number): number {
  return Math.min(largest, Math.max(smallest, value));
}

/**
 * Evidence in `bad` of `n` for the share `p1` against the share `p0`: a log likelihood ratio. The
 * bounds keep both logarithms finite when the baseline itself is nearly all errors.
 */
export function logLikelihoodRatio(bad: number, n: number, p0: number, p1: number): number {
  const low = Math.min(0.9, p0);
  const high = Math.min(0.95, p1);
  return bad * Math.log(high / low) + (n - bad) * Math.log((1 - high) / (1 - low));
}
