/**
 * Memory is a sawtooth: it climbs until a collection. So a value is the smallest of the last three
 * polls (each already the smallest of its interval), and a leak is read from the trend of the nodes
 * that were moved first, because those have run the new release longest. The trend is handed from
 * each wave's gate to the next: a gate of two minutes alone is too short to tell a leak.
 */
import type { GateBaselines, GateSample } from '../gate.js';
import { memoryAllowance } from './allowance.js';
import { excusingRatio } from './excuse.js';
import { gauge, type Observation } from './observation.js';
import { TREND_POLLS_MAX, type StabilizationParams } from './stabilization-params.js';
import type { StabilizationState } from './stabilization-state.js';
import { mean } from './statistics.js';

/** Excesses: 1 is exactly at the limit; −1 is "not judged"; NaN is "no data", never within a limit. */
export interface MemoryReading {
  readonly wave: number;
  readonly first: number;
  readonly leak: number;
  /** MiB per node, for people. */
  readonly waveMiB: number;
  readonly leakMiB: number;
  /** Factor by which the untouched nodes grew. */
  readonly excuse: number;
}

const NOT_JUDGED = -1;

/** The last three polls; null where a poll had no value, so that old values do not linger. */
export function remember(
  recent: readonly (number | null)[],
  seen: Observation | undefined,
): (number | null)[] {
  return [...recent, seen && Number.isFinite(seen.mem) ? seen.mem : null].slice(-3);
}

/**
 * One point per poll. In the first wave its own warm-up is cut (a filling cache would look like a
 * leak); in later waves the first nodes are warm already.
 */
export function extendTrend(
  trend: readonly number[],
  sample: GateSample,
  isWarm: boolean,
): readonly number[] {
  // Points on both sides of a gap are no neighbours: a slope across it would be none.
  if (sample.afterGap) return [];
  const values = sample.firstMem.map(gauge).filter((value) => Number.isFinite(value));
  if (values.length === 0 || !(isWarm || sample.earlier)) return trend;
  // Tenths of a MiB: the state must stay small.
  return [...trend, Math.round(mean(values) * 10) / 10].slice(-TREND_POLLS_MAX);
}

export function readMemory(
  state: Pick<StabilizationState, 'waveMem' | 'controlMem' | 'trend'>,
  baselines: GateBaselines,
  hasControl: boolean,
  params: StabilizationParams,
): MemoryReading {
  const controlMem = hasControl ? lowest(state.controlMem) : Number.NaN;
  const excuse = excusingRatio(controlMem, baselines.control?.mem ?? Number.NaN);
  const over = (value: number, baseline: number | undefined): number => {
    if (baseline === undefined) return NOT_JUDGED;
    const expected = baseline * excuse;
    return (value - expected) / memoryAllowance(expected, params);
  };
  const waveMiB = lowest(state.waveMem);
  const leakMiB = extrapolate(state.trend, params);
  return {
    wave: over(waveMiB, baselines.wave?.mem),
    first: over(lowest(state.trend.slice(-3)), baselines.first?.mem),
    leak: Number.isNaN(leakMiB) ? NOT_JUDGED : over(leakMiB, baselines.first?.mem),
    waveMiB,
    leakMiB,
    excuse,
  };
}

/** Where memory will be at the horizon; NaN while the trend is shorter than `trendAfterMs`. */
function extrapolate(trend: readonly number[], params: StabilizationParams): number {
  if (trend.length * params.pollIntervalMs < params.trendAfterMs) return Number.NaN;
  const third = Math.floor(trend.length / 3);
  if (third === 0) return Number.NaN;
  const last = mean(trend.slice(-third));
  const middle = mean(trend.slice(-2 * third, -third));
  // Thirds: a mean over many polls on each side cancels the collections' sawtooth.
  const growthPerPoll = Math.max(0, last - middle) / third;
  return last + growthPerPoll * (params.horizonMs / params.pollIntervalMs);
}

function lowest(recent: readonly (number | null)[]): number {
  const values = recent.filter((value) => value !== null);
  return values.length === 0 ? Number.NaN : Math.min(...values);
}
