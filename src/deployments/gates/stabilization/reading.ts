/**
 * What a window of polls says about errors, latency and CPU. An excess of 1 is exactly at the limit.
 * `z` lowers a value by that many standard errors: a single check gives the benefit of the doubt
 * (z = 1), the smoothed reading that a pass needs gives none (z = 0).
 */
import type { GateBaselines } from '../gate.js';
import { cpuAllowance, errorLimit, latencyAllowance } from './allowance.js';
import { cpuFactor, excuseOf, latencyFactor, NO_EXCUSE, type Excuse } from './excuse.js';
import { quantileMs } from './quantiles.js';
import type { StabilizationParams } from './stabilization-params.js';
import { countsOf, cpuOf, type Totals, type Window } from './totals.js';

export interface Judged {
  /** NaN: no data. */
  readonly value: number;
  /** The baseline with what is excused; NaN: not judged. */
  readonly expected: number;
  readonly allowed: number;
  /** At most 1 is within the limit. NaN (no data) is not; −1 stands for "not judged". */
  readonly excess: number;
}

export interface Reading {
  readonly requests: number;
  readonly errors: Judged;
  readonly latency: Judged;
  readonly cpu: Judged;
  readonly excuse: Excuse;
}

export function read(
  window: Window,
  z: number,
  baselines: GateBaselines,
  params: StabilizationParams,
): Reading {
  const excuse = windowExcuse(window, baselines, params);
  return {
    requests: window.wave.n,
    errors: readErrors(window.wave, z, excuse, baselines, params),
    latency: readLatency(window.wave, z, excuse, baselines, params),
    cpu: readCpu(window, z, excuse, baselines, params),
    excuse,
  };
}

/** NaN <= 1 is false: a measure without data is never within its limit. */
export function isWithin(reading: Reading): boolean {
  return [reading.errors, reading.latency, reading.cpu].every(({ excess }) => excess <= 1);
}

function windowExcuse(
  window: Window,
  baselines: GateBaselines,
  params: StabilizationParams,
): Excuse {
  if (!baselines.control || window.control.n === 0) return NO_EXCUSE;
  const { n, errors } = window.control;
  const figures = { n, errors, counts: countsOf(window.control), cpu: cpuOf(window.control) };
  return excuseOf(figures, baselines.control, params.minRequests);
}

/** The first release on a node has nothing to be compared with: its errors are held against none. */
function readErrors(
  wave: Totals,
  z: number,
  excuse: Excuse,
  baselines: GateBaselines,
  params: StabilizationParams,
): Judged {
  const value = wave.errors / wave.n;
  const expected = (baselines.wave?.err ?? 0) + excuse.errors;
  const limit = errorLimit(params);
  // Half an error and one request more, or a check without errors would claim to be exact.
  const share = (wave.errors + 0.5) / (wave.n + 1);
  const doubt = z * Math.sqrt((share * (1 - share)) / wave.n);
  return {
    value,
    expected,
    allowed: expected + limit,
    excess: (value - expected - doubt) / limit,
  };
}

function readLatency(
  wave: Totals,
  z: number,
  excuse: Excuse,
  baselines: GateBaselines,
  params: StabilizationParams,
): Judged {
  const counts = countsOf(wave);
  const value = quantileMs(counts, 0.95);
  if (!baselines.wave) return notJudged(value);
  const expected = baselines.wave.p95 * latencyFactor(excuse, baselines.wave);
  const allowance = latencyAllowance(expected, params);
  // 0.0475 = 0.95 × 0.05: the variance of the share of requests below a true p95.
  const doubtful = z === 0 ? value : quantileMs(counts, 0.95 - z * Math.sqrt(0.0475 / wave.n));
  return {
    value,
    expected,
    allowed: expected + allowance,
    excess: (doubtful - expected) / allowance,
  };
}

function readCpu(
  window: Window,
  z: number,
  excuse: Excuse,
  baselines: GateBaselines,
  params: StabilizationParams,
): Judged {
  const value = cpuOf(window.wave);
  if (!baselines.wave) return notJudged(value);
  const factor = cpuFactor(excuse, window.wave.n / window.polls, baselines.wave);
  const expected = baselines.wave.cpu * factor;
  const allowance = cpuAllowance(expected, params);
  return {
    value,
    expected,
    allowed: expected + allowance,
    excess: (value - expected - z * baselines.wave.cpuSd) / allowance,
  };
}

function notJudged(value: number): Judged {
  return { value, expected: Number.NaN, allowed: Number.NaN, excess: -1 };
}
