/**
 * Sums over polls: the open block, and the smoothed reading that remembers about five checks. Plain
 * JSON with packed histograms, because they live in the gate's state.
 */
import { emptyBuckets } from '../../../kernel/histogram.js';
import type { Observation } from './observation.js';
import {
  EMPTY_HISTOGRAM,
  packHistogram,
  unpackHistogram,
  type PackedHistogram,
} from './packed-histogram.js';
import type { Counts } from './quantiles.js';

/** Sums of one group. */
export interface Totals {
  readonly n: number;
  readonly errors: number;
  readonly cpuSum: number;
  /** Polls that had a CPU value: a gap must not pull the mean down. */
  readonly cpuPolls: number;
  readonly latencies: PackedHistogram;
}

/** Sums of the wave and of the untouched nodes over the same polls. */
export interface Window {
  readonly polls: number;
  readonly wave: Totals;
  readonly control: Totals;
}

export const EMPTY_TOTALS: Totals = {
  n: 0,
  errors: 0,
  cpuSum: 0,
  cpuPolls: 0,
  latencies: EMPTY_HISTOGRAM,
};

export const EMPTY_WINDOW: Window = { polls: 0, wave: EMPTY_TOTALS, control: EMPTY_TOTALS };

export function countsOf(totals: Totals): Counts {
  return unpackHistogram(totals.latencies);
}

/** Cores per node, the mean of the polls; NaN without any. */
export function cpuOf(totals: Totals): number {
  return totals.cpuSum / totals.cpuPolls;
}

export function addPoll(totals: Totals, seen: Observation): Totals {
  const hasCpu = Number.isFinite(seen.cpu);
  return {
    n: totals.n + seen.n,
    errors: totals.errors + seen.errors,
    cpuSum: totals.cpuSum + (hasCpu ? seen.cpu : 0),
    cpuPolls: totals.cpuPolls + (hasCpu ? 1 : 0),
    latencies: packHistogram(sum(countsOf(totals), 1, seen.counts)),
  };
}

export function addPollToWindow(
  window: Window,
  wave: Observation,
  control: Observation | undefined,
): Window {
  return {
    polls: window.polls + 1,
    wave: addPoll(window.wave, wave),
    control: control ? addPoll(window.control, control) : window.control,
  };
}

/** `share` of the old and all of the new. */
export function smoothed(old: Window, share: number, added: Window): Window {
  return {
    polls: share * old.polls + added.polls,
    wave: smoothedTotals(old.wave, share, added.wave),
    control: smoothedTotals(old.control, share, added.control),
  };
}

function smoothedTotals(old: Totals, share: number, added: Totals): Totals {
  return {
    n: share * old.n + added.n,
    errors: share * old.errors + added.errors,
    cpuSum: share * old.cpuSum + added.cpuSum,
    cpuPolls: share * old.cpuPolls + added.cpuPolls,
    latencies: packHistogram(sum(countsOf(old), share, countsOf(added))),
  };
}

function sum(a: Counts, share: number, b: Counts): Counts {
  const total = emptyBuckets();
  for (let index = 0; index < total.length; index += 1) {
    total[index] = share * a[index]! + b[index]!;
  }
  return total;
}
