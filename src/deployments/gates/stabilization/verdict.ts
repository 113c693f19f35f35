/** From everything that was folded so far to one verdict, in the order in which things matter. */
import type { GateBaselines, GateSample } from '../gate.js';
import { reachedBy, type HarmInput } from './harm.js';
import type { MemoryReading } from './memory.js';
import { isWithin, type Judged, type Reading } from './reading.js';
import type { Measure, StabilizationState } from './stabilization-state.js';

/** Why a verdict came out; sentences are made of it elsewhere. */
export type Cause =
  | { readonly verdict: 'unstable'; readonly because: 'node-failed' }
  | { readonly verdict: 'unstable'; readonly because: 'harm'; readonly measure: Measure }
  | { readonly verdict: 'unstable'; readonly because: 'never-settled'; readonly measure?: string }
  | { readonly verdict: 'stable'; readonly because: 'settled' }
  | { readonly verdict: 'waiting'; readonly because: 'too-early' }
  | {
      readonly verdict: 'inconclusive';
      readonly because: 'no-baseline' | 'too-few-checks' | 'no-data';
    }
  | {
      readonly verdict: 'inconclusive';
      readonly because: 'better-than-broken' | 'unanswered-as-before';
      /** What would have condemned it. */
      readonly instead: Cause & { readonly verdict: 'unstable' };
    };

export interface VerdictInput extends HarmInput {
  readonly state: StabilizationState;
  /** The smoothed reading. */
  readonly smooth: Reading;
}

/** What needs no figures: a node that failed says more than any average, even without a baseline. */
export function causeAtOnce(sample: GateSample, baselines: GateBaselines): Cause | undefined {
  if (sample.failedNodes.length > 0) return { verdict: 'unstable', because: 'node-failed' };
  if (baselines.wave || baselines.firstRelease || baselines.broken?.wave) return undefined;
  return { verdict: 'inconclusive', because: 'no-baseline' };
}

export function causeOf(input: VerdictInput): Cause {
  const { state, poll, params } = input;
  const measure = reachedBy(state.scores, input);
  if (measure) return { verdict: 'unstable', because: 'harm', measure };
  if (isSettled(input)) return { verdict: 'stable', because: 'settled' };
  if (poll.ageS * 1000 < params.maxWaitMs) return { verdict: 'waiting', because: 'too-early' };
  return causeAtMaxWait(input);
}

/**
 * Good checks may have been earned some polls ago. A poll in which a node is silent or nobody asked
 * anything is no moment to say "stable": the next one will do.
 */
function isSettled({ state, smooth, poll, params }: VerdictInput): boolean {
  return (
    state.consecutiveGood >= params.consecutiveStableChecks &&
    poll.ageS * 1000 >= params.minWaitMs &&
    isWithin(smooth) &&
    !poll.isIncomplete &&
    poll.wave.n > 0
  );
}

function causeAtMaxWait({ state, smooth, memory, params }: VerdictInput): Cause {
  // Memory needs no requests: it condemns also where too few requests came for anything else.
  const isMemoryOver = memory.wave > 1 || memory.leak > 1;
  if (state.checks < params.minChecks && !isMemoryOver) {
    return { verdict: 'inconclusive', because: 'too-few-checks' };
  }
  const measure = firstOver(smooth, memory);
  if (measure === undefined && lacksData(smooth, memory)) {
    // Checks that failed only because a measure was never reported do not condemn a release.
    return { verdict: 'inconclusive', because: 'no-data' };
  }
  return { verdict: 'unstable', because: 'never-settled', measure };
}

function firstOver(smooth: Reading, memory: MemoryReading): string | undefined {
  const isOver = (judged: Judged): boolean => judged.excess > 1;
  if (isOver(smooth.errors)) return 'errors';
  if (isOver(smooth.latency)) return 'latency';
  if (isOver(smooth.cpu)) return 'cpu';
  if (memory.wave > 1) return 'memory';
  if (memory.leak > 1) return 'leak';
  return memory.first > 1 ? 'earlier-memory' : undefined;
}

function lacksData(smooth: Reading, memory: MemoryReading): boolean {
  const excesses = [smooth.errors, smooth.latency, smooth.cpu].map(({ excess }) => excess);
  return [...excesses, memory.wave, memory.first].some(Number.isNaN);
}
