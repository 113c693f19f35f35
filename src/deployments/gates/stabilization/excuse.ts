/**
 * What nodes that nobody touched tell: if they got worse too, the release is not the cause. They
 * excuse and never accuse: at its least a figure means "no change", so quiet untouched nodes can not
 * make an innocent release look bad. Latency alone may be expected to have fallen: when the baseline
 * was taken in an incident, down to what was usual in the hour before it.
 */
import type { GateBaseline } from '../gate.js';
import { quantileMs, type Counts } from './quantiles.js';
import { clamp } from './statistics.js';

export interface Excuse {
  /** Share of requests that fails anyway, on top of the baseline. */
  readonly errors: number;
  /** Their p95 as a factor of what it was, at most 3; see `latencyFactor`. */
  readonly latency: number;
  /** Factor on the baseline's CPU by untouched nodes, 1 to 3; null: there are none to ask. */
  readonly cpu: number | null;
}

export const NO_EXCUSE: Excuse = { errors: 0, latency: 1, cpu: null };

interface ControlFigures {
  readonly n: number;
  readonly errors: number;
  readonly counts: Counts;
  readonly cpu: number;
}

/**
 * `leastRequests`: with fewer, the error rate and p95 are noise and excuse nothing. CPU is a gauge
 * and needs no requests.
 */
export function excuseOf(
  control: ControlFigures,
  baseline: GateBaseline,
  leastRequests: number,
): Excuse {
  const cpu = excusingRatio(control.cpu, baseline.cpu);
  if (control.n === 0 || control.n < leastRequests) return { ...NO_EXCUSE, cpu };
  return {
    errors: Math.max(0, control.errors / control.n - baseline.err),
    latency: boundedRatio(quantileMs(control.counts, 0.95), baseline.p95, 0),
    cpu,
  };
}

/** Never below 1, or it would accuse; never above 3, or a broken dependency would excuse all. */
export function excusingRatio(value: number, baseline: number): number {
  return boundedRatio(value, baseline, 1);
}

function boundedRatio(value: number, baseline: number, least: number): number {
  const ratio = value / baseline;
  return Number.isFinite(ratio) ? clamp(ratio, least, 3) : 1;
}

/** What a group's p95 should have become, as a factor of its baseline. */
export function latencyFactor(
  excuse: Excuse,
  { p95, usualP95 = p95 }: Pick<GateBaseline, 'p95' | 'usualP95'>,
): number {
  return Math.max(excuse.latency, Math.min(1, usualP95 / p95));
}

/** Without untouched nodes CPU is read per request: twice the load may cost twice the CPU. */
export function cpuFactor(
  excuse: Excuse,
  requestsPerPoll: number,
  baseline: Pick<GateBaseline, 'requestsPerPoll'>,
): number {
  return excuse.cpu ?? excusingRatio(requestsPerPoll, baseline.requestsPerPoll);
}
