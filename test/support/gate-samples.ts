/** Hand-made samples for the gate's tests: a steady service, and ways to spoil it. */
import type {
  FoldResult,
  GateBaseline,
  GateBaselines,
  GateGroup,
  GateSample,
} from '../../src/deployments/gates/gate.js';
import { baselineOf } from '../../src/deployments/gates/stabilization/baseline.js';
import { blocksOf, type PastPoll } from '../../src/deployments/gates/stabilization/blocks.js';
import { stabilization } from '../../src/deployments/gates/stabilization/stabilization.gate.js';
import {
  defaultGateParams,
  type StabilizationParams,
} from '../../src/deployments/gates/stabilization/stabilization-params.js';
import type { StabilizationState } from '../../src/deployments/gates/stabilization/stabilization-state.js';
import { bucketIndex, HISTOGRAM_BUCKETS, toSparse } from '../../src/kernel/histogram.js';

export interface GroupShape {
  readonly n?: number;
  readonly errors?: number;
  /** Where the slowest quarter of the requests lies; the rest takes half of it. */
  readonly p95Ms?: number;
  readonly cpu?: number;
  readonly mem?: number;
}

/** 300 requests a poll without errors, p95 about 80 ms, half a core, 400 MiB. */
export function groupOf(shape: GroupShape = {}): GateGroup {
  const { n = 300, errors = 0, p95Ms = 80, cpu = 0.5, mem = 400 } = shape;
  const counts = new Float64Array(HISTOGRAM_BUCKETS);
  const slow = Math.round(n / 4);
  counts[bucketIndex(p95Ms * 500)]! += n - slow;
  counts[bucketIndex(p95Ms * 1000)]! += slow;
  return { n, errors, histogram: toSparse(counts), cpu, mem };
}

export function pastPollOf(group: GateGroup): PastPoll {
  return { group, served: { requests: group.n, failed: group.errors, abandoned: 0 } };
}

/** The baseline that ten such polls make. */
export function baselineOfSteady(shape: GroupShape = {}): GateBaseline {
  const polls = Array.from({ length: 10 }, () => groupOf(shape));
  const blocks = blocksOf(polls.map(pastPollOf), defaultGateParams);
  const made = baselineOf(blocks.all, blocks.usual);
  if (!made) throw new Error('ten steady polls make a baseline');
  return made;
}

/** A first wave with untouched nodes beside it. */
export function steadyBaselines(change: Partial<GateBaselines> = {}): GateBaselines {
  const steady = baselineOfSteady();
  return {
    firstRelease: false,
    wave: steady,
    earlier: null,
    control: steady,
    first: { mem: steady.mem },
    ...change,
  };
}

export function sampleOf(ageS: number, change: Partial<GateSample> = {}): GateSample {
  return {
    ageS,
    wave: groupOf(),
    control: groupOf(),
    worst: null,
    firstMem: [400],
    incomplete: false,
    failedNodes: [],
    counterResets: 0,
    silentNodes: [],
    ...change,
  };
}

export interface FoldedRun {
  readonly results: readonly FoldResult<StabilizationState>[];
  /** The first result that is not `waiting`, or the last one. */
  readonly end: FoldResult<StabilizationState>;
  readonly endS: number;
}

/** Folds one sample per poll until the gate decides; `change` may depend on the age. */
export function foldUntilDecided(
  change: (ageS: number) => Partial<GateSample>,
  options: { baselines?: GateBaselines; params?: StabilizationParams; throughJson?: boolean } = {},
): FoldedRun {
  const { baselines = steadyBaselines(), params = defaultGateParams, throughJson } = options;
  const results: FoldResult<StabilizationState>[] = [];
  let state = stabilization.start(baselines, params);
  const pollS = params.pollIntervalMs / 1000;
  for (let ageS = pollS; ageS <= params.maxWaitMs / 1000; ageS += pollS) {
    if (throughJson) state = JSON.parse(JSON.stringify(state)) as StabilizationState;
    const result = stabilization.fold(state, sampleOf(ageS, change(ageS)), baselines, params);
    results.push(result);
    state = result.state;
    if (result.verdict !== 'waiting') return { results, end: result, endS: ageS };
  }
  throw new Error('the gate must decide by its maximum wait');
}
