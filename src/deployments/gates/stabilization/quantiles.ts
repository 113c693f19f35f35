/**
 * Reading latencies out of merged buckets. Inside a bucket the position is interpolated
 * geometrically, because bucket edges grow geometrically and so do latencies.
 */
import { bucketLowerMicros, bucketUpperMicros } from '../../../kernel/histogram.js';

export type Counts = ArrayLike<number> & Iterable<number>;

export function totalOf(counts: Counts): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** Milliseconds; NaN of an empty histogram, so that no data is never within a limit. */
export function quantileMs(counts: Counts, quantile: number): number {
  const total = totalOf(counts);
  if (total <= 0) return Number.NaN;
  const target = Math.min(1, Math.max(0, quantile)) * total;
  let before = 0;
  let last = 0;
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index]!;
    if (count <= 0) continue;
    last = index;
    if (before + count >= target) return insideMicros(index, (target - before) / count) / 1000;
    before += count;
  }
  // Only rounding of the sum leads here: the target lies at the very end.
  return bucketUpperMicros(last) / 1000;
}

/** How many requests took longer than the threshold; fractional, as the position is interpolated. */
export function slowerThan(counts: Counts, thresholdMs: number): number {
  const threshold = thresholdMs * 1000;
  let slower = 0;
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index]!;
    if (count <= 0) continue;
    const lower = bucketLowerMicros(index);
    const upper = bucketUpperMicros(index);
    if (lower >= threshold) slower += count;
    else if (upper > threshold) slower += count * shareAbove(lower, upper, threshold);
  }
  return slower;
}

function insideMicros(index: number, share: number): number {
  const lower = bucketLowerMicros(index);
  const upper = bucketUpperMicros(index);
  // The bucket from 0 has no geometric middle.
  return lower > 0 ? lower * (upper / lower) ** share : upper * share;
}

function shareAbove(lower: number, upper: number, threshold: number): number {
  if (lower <= 0) return (upper - threshold) / upper;
  return Math.log(upper / threshold) / Math.log(upper / lower);
}
