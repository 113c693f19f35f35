/**
 * A check happens when the open block has enough requests: one poll of a busy service, many of a
 * quiet one. A run of good checks in a row leads to `stable`; a check that is not ok starts it anew.
 */
import type { GateBaselines } from '../gate.js';
import { errorLimit } from './allowance.js';
import { thresholdOf } from './harm.js';
import type { MemoryReading } from './memory.js';
import type { Poll } from './poll.js';
import { isWithin, read, type Reading } from './reading.js';
import type { StabilizationParams } from './stabilization-params.js';
import type { PerMeasure, StabilizationState } from './stabilization-state.js';
import { addPollToWindow, EMPTY_WINDOW, smoothed } from './totals.js';

export type Progress = Pick<StabilizationState, 'block' | 'smooth' | 'consecutiveGood' | 'checks'>;

export interface CheckInput {
  readonly poll: Poll;
  readonly memory: MemoryReading;
  readonly scores: PerMeasure;
  readonly baselines: GateBaselines;
  readonly params: StabilizationParams;
}

/** The warm-up is cut from every check; errors are watched by the harm score from the first second. */
export function addToChecks(state: Progress, input: CheckInput): Progress {
  const { poll, baselines, params } = input;
  // Only these four: the caller spreads the result over a state that has moved on otherwise.
  const { block: open, smooth, consecutiveGood, checks } = state;
  const before: Progress = { block: open, smooth, consecutiveGood, checks };
  if (!poll.isWarm) return before;
  // What came in a lump is no check of this poll, and nothing is "in a row" across a gap.
  if (poll.isAfterGap) return { ...before, block: EMPTY_WINDOW, consecutiveGood: 0 };
  const block = addPollToWindow(before.block, poll.wave, poll.control);
  if (block.wave.n < params.minRequests) return { ...before, block };
  const reading = read(block, 1, baselines, params);
  const counted = counts(reading, poll, params) ? 1 : 0;
  return {
    block: EMPTY_WINDOW,
    smooth: smoothed(before.smooth, params.decayPercent / 100, block),
    consecutiveGood: isGood(reading, input) ? before.consecutiveGood + counted : 0,
    checks: before.checks + counted,
  };
}

function isGood(reading: Reading, input: CheckInput): boolean {
  const { memory } = input;
  if (!(isWithin(reading) && memory.wave <= 1 && memory.leak <= 1)) return false;
  return !input.poll.earlier || isEarlierGood(input);
}

/** Earlier waves passed their own gates; here they only must not be on their way to harm. */
function isEarlierGood({ poll, memory, scores, params }: CheckInput): boolean {
  if (!(memory.first <= 1)) return false;
  return (['earlier-errors', 'earlier-latency'] as const).every(
    (measure) => (scores[measure] ?? 0) < thresholdOf(measure, { poll, params }) / 2,
  );
}

/**
 * A check counts neither for nor against when part of the wave is silent, or when the untouched
 * nodes are so bad themselves that they would excuse anything.
 */
function counts(reading: Reading, poll: Poll, params: StabilizationParams): boolean {
  if (poll.isIncomplete) return false;
  return (
    reading.excuse.errors <= 3 * errorLimit(params) &&
    reading.excuse.latency <= 1 + 3 * (params.limitLatencyPercent / 100)
  );
}
