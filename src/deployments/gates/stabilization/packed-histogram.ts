/**
 * Histograms inside a gate's state. The state holds four of them and has 8 KiB, which pairs of
 * index and count would exceed when all 176 buckets are in use. So: counts in hundredths (the
 * smoothed ones are fractions), base 36, comma separated, `~n` for n empty buckets. Packing rounds;
 * every fold reads its state back from this form, so a round trip through JSON changes nothing.
 */
import { emptyBuckets } from '../../../kernel/histogram.js';
import type { Counts } from './quantiles.js';

export type PackedHistogram = string;

export const EMPTY_HISTOGRAM: PackedHistogram = '';

/** Bounds the text of a bucket: 10^9 requests in one bucket are beyond any poll. */
export const BUCKET_COUNT_MAX = 1e9;

const SCALE = 100;

export function packHistogram(counts: Counts): PackedHistogram {
  const parts: string[] = [];
  let empty = 0;
  for (const count of counts) {
    const scaled = Math.round(Math.min(BUCKET_COUNT_MAX, count) * SCALE);
    if (scaled <= 0) {
      empty += 1;
      continue;
    }
    if (empty > 0) parts.push(`~${empty.toString(36)}`);
    empty = 0;
    parts.push(scaled.toString(36));
  }
  return parts.join(',');
}

export function unpackHistogram(packed: PackedHistogram): number[] {
  const counts = emptyBuckets();
  if (packed === EMPTY_HISTOGRAM) return counts;
  let index = 0;
  for (const part of packed.split(',')) {
    if (part.startsWith('~')) index += parseInt(part.slice(1), 36);
    else {
      counts[index] = parseInt(part, 36) / SCALE;
      index += 1;
    }
  }
  return counts;
}
