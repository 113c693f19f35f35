/**
 * Harm: a capped score per measure, fed at every poll, as a sequential test would be. Evidence for
 * "clearly worse" adds, evidence for "within the limits" takes away, and it never falls below zero,
 * so a good hour before cannot pay for a bad minute now.
 *
 * The cap is why one burst cannot end a rollout (without it: 24 % false rollbacks), and the
 * threshold why three clear polls can. An outage counts twice: with one cap for 2 % and for 100 %, a
 * wave that fails every request in its first minute would be forgiven.
 */
import type { GateBaseline, GateBaselines } from '../gate.js';
import { cpuAllowance, errorLimit, latencyAllowance } from './allowance.js';
import { cpuFactor, latencyFactor } from './excuse.js';
import type { MemoryReading } from './memory.js';
import type { Observation } from './observation.js';
import type { Poll } from './poll.js';
import { slowerThan } from './quantiles.js';
import type { StabilizationParams } from './stabilization-params.js';
import { MEASURES, type Measure, type PerMeasure } from './stabilization-state.js';
import { clamp, logLikelihoodRatio } from './statistics.js';

export interface HarmInput {
  readonly poll: Poll;
  readonly memory: MemoryReading;
  readonly baselines: GateBaselines;
  readonly params: StabilizationParams;
}

export interface Harm {
  readonly scores: PerMeasure;
  readonly lastAdded: PerMeasure;
}

/** CPU and memory are gauges: one value per poll says less than hundreds of requests do. */
const GAUGE_PATIENCE = 3;

/** Harm that shrinks to below this share of the poll before is a service warming up. */
const FADING_SHARE = 0.7;

/** An outage is at least this share of requests failing beyond what is expected, and beyond chance. */
const OUTAGE_SHARE = 0.2;
/** Fewer requests may be one client's. */
const OUTAGE_REQUESTS = 10;
/** Standard errors that a share is lowered by, before it is called an outage. */
const OUTAGE_DOUBT = 2;
/** Two such polls end a gate with untouched nodes, and three one without. One never does. */
const OUTAGE_CAPS = 2;

export function addHarm(before: Harm, input: HarmInput): Harm {
  const added = evidence(input);
  const scores: Partial<Record<Measure, number>> = { ...before.scores };
  for (const measure of MEASURES) {
    const add = added[measure];
    // No data is no evidence, in either direction.
    if (add === undefined || Number.isNaN(add)) continue;
    const cap = capOf(measure, input);
    const step = isFading(measure, add, before.lastAdded[measure]) ? 0 : clamp(add, -1, cap);
    scores[measure] = Math.max(0, (scores[measure] ?? 0) + step);
  }
  return { scores, lastAdded: { ...before.lastAdded, ...finite(added) } };
}

/** The measure whose score has reached its threshold by most; undefined: none. */
export function reachedBy(scores: PerMeasure, input: HarmInput): Measure | undefined {
  let reached: Measure | undefined;
  let most = 1;
  for (const measure of MEASURES) {
    // A move disturbs latency and CPU of all nodes for a while, also of those moved earlier.
    if (!input.poll.isWarm && isSlowToSettle(measure)) continue;
    const share = (scores[measure] ?? 0) / thresholdOf(measure, input);
    if (share >= most && (reached === undefined || share > most)) {
      reached = measure;
      most = share;
    }
  }
  return reached;
}

/** Without untouched nodes nothing tells a bad release from a bad minute: it takes twice the harm. */
export function thresholdOf(
  measure: Measure,
  { poll, params }: Pick<HarmInput, 'poll' | 'params'>,
): number {
  const isGauge = measure.endsWith('cpu') || measure.endsWith('memory');
  return (poll.control ? params.score : params.scoreAlone) * (isGauge ? GAUGE_PATIENCE : 1);
}

function evidence(input: HarmInput): PerMeasure {
  const { poll, memory, baselines } = input;
  const waveErr = baselines.wave?.err ?? 0;
  const added: Partial<Record<Measure, number>> = {
    errors: errorEvidence(poll.wave, waveErr, input, 1),
  };
  if (poll.worst) added.node = errorEvidence(poll.worst, waveErr, input, 5);
  if (baselines.wave && poll.isWarm) {
    added.latency = latencyEvidence(poll.wave, baselines.wave, input);
    added.cpu = cpuEvidence(poll.wave, baselines.wave, input);
    added.memory = memory.wave - 2;
  }
  if (poll.earlier) {
    // Without a baseline of their own the earlier nodes are held to the error rate of this wave's.
    const earlierErr = baselines.earlier?.err ?? waveErr;
    added['earlier-errors'] = errorEvidence(poll.earlier, earlierErr, input, 1);
    if (baselines.earlier) {
      added['earlier-latency'] = latencyEvidence(poll.earlier, baselines.earlier, input);
      added['earlier-cpu'] = cpuEvidence(poll.earlier, baselines.earlier, input);
    }
    if (baselines.first) added['earlier-memory'] = memory.first - 2;
  }
  return added;
}

/**
 * "At the limit" against "three times the limit"; `factor` 5 for one node, which has fewer requests
 * and is the worst of several, so it must be far worse to count.
 */
function errorEvidence(
  group: { readonly n: number; readonly errors: number },
  baselineErr: number,
  { poll, params }: HarmInput,
  factor: number,
): number {
  const expected = baselineErr + poll.excuse.errors;
  const limit = factor * errorLimit(params);
  return logLikelihoodRatio(group.errors, group.n, expected + limit, expected + 3 * limit);
}

/** By definition 5 % of requests lie beyond a p95; a latency twice as long puts 23 % there. */
function latencyEvidence(
  group: Observation,
  baseline: GateBaseline,
  { poll, params }: HarmInput,
): number {
  const expected = baseline.p95 * latencyFactor(poll.excuse, baseline);
  const slower = slowerThan(group.counts, expected + latencyAllowance(expected, params));
  return logLikelihoodRatio(slower, group.measured, 0.05, params.slowHarmPercent / 100);
}

/** Twice the allowance is the border: the deviation of the blocks is what CPU does by itself. */
function cpuEvidence(
  group: Observation,
  baseline: GateBaseline,
  { poll, params }: HarmInput,
): number {
  const expected = baseline.cpu * cpuFactor(poll.excuse, group.n, baseline);
  const excess = group.cpu - 2 * baseline.cpuSd - expected;
  return excess / cpuAllowance(expected, params) - 2;
}

function capOf(measure: Measure, input: HarmInput): number {
  const { cap } = input.params;
  if (!isOutage(measure, input)) return cap;
  // Whatever the parameters say: a single burst does not decide because it was a strong one.
  return Math.max(cap, Math.min(OUTAGE_CAPS * cap, thresholdOf(measure, input) - 1));
}

function isOutage(measure: Measure, { poll, baselines }: HarmInput): boolean {
  const group = groupWithErrors(measure, poll);
  if (!group || group.n < OUTAGE_REQUESTS) return false;
  const own = measure === 'earlier-errors' ? baselines.earlier : null;
  const expected = (own ?? baselines.wave)?.err ?? 0;
  const share = (group.errors + 0.5) / (group.n + 1);
  const doubt = OUTAGE_DOUBT * Math.sqrt((share * (1 - share)) / group.n);
  return share - doubt >= expected + poll.excuse.errors + OUTAGE_SHARE;
}

function groupWithErrors(measure: Measure, poll: Poll) {
  if (measure === 'errors') return poll.wave;
  if (measure === 'node') return poll.worst;
  return measure === 'earlier-errors' ? poll.earlier : undefined;
}

function isFading(measure: Measure, add: number, last: number | undefined): boolean {
  return isSlowToSettle(measure) && add > 0 && last !== undefined && add < FADING_SHARE * last;
}

function isSlowToSettle(measure: Measure): boolean {
  return measure.endsWith('latency') || measure.endsWith('cpu');
}

function finite(added: PerMeasure): PerMeasure {
  return Object.fromEntries(Object.entries(added).filter(([, add]) => Number.isFinite(add)));
}
