/**
 * A group's figures made safe to calculate with. What a node sends is input: NaN, negative or
 * impossible numbers become "no data" and make the sample incomplete, never a number that poisons
 * a score for the rest of the gate.
 */
import { fromSparse } from '../../../kernel/histogram.js';
import type { GateGroup } from '../gate.js';
import { BUCKET_COUNT_MAX } from './packed-histogram.js';
import { totalOf, type Counts } from './quantiles.js';

export interface Observation {
  readonly n: number;
  readonly errors: number;
  /** NaN: no data. */
  readonly cpu: number;
  /** NaN: no data. */
  readonly mem: number;
  readonly counts: Counts;
  /** Latencies measured; normally as many as requests. */
  readonly measured: number;
  /** Something in it was not a count. */
  readonly isBroken: boolean;
}

export function observe(group: GateGroup): Observation {
  const countsAreSound = isCount(group.n) && isCount(group.errors) && group.errors <= group.n;
  const pairs = group.histogram.filter(([, count]) => isCount(count));
  const counts = fromSparse(pairs);
  for (let index = 0; index < counts.length; index += 1) {
    counts[index] = Math.min(BUCKET_COUNT_MAX, counts[index]!);
  }
  return {
    n: countsAreSound ? group.n : 0,
    errors: countsAreSound ? group.errors : 0,
    cpu: gauge(group.cpu),
    mem: gauge(group.mem),
    counts,
    measured: totalOf(counts),
    isBroken: !countsAreSound || pairs.length !== group.histogram.length,
  };
}

/** A gauge, or NaN. JSON writes NaN as null, so both spellings mean no data. */
export function gauge(value: number | null | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : Number.NaN;
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}
