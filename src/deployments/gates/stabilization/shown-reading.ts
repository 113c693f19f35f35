/** The reading that a person sees: plain numbers, null where there is nothing to say. */
import type { GateBaselines, GateReading, GateSample, MeasureReading } from '../gate.js';
import { memoryAllowance } from './allowance.js';
import { thresholdOf } from './harm.js';
import type { MemoryReading } from './memory.js';
import type { Poll } from './poll.js';
import { read, type Judged, type Reading } from './reading.js';
import type { StabilizationParams } from './stabilization-params.js';
import { MEASURES, type StabilizationState } from './stabilization-state.js';
import { addPollToWindow, EMPTY_WINDOW, type Window } from './totals.js';

export interface ShownInput {
  readonly state: StabilizationState;
  readonly before: StabilizationState;
  readonly sample: GateSample;
  readonly poll: Poll;
  readonly memory: MemoryReading;
  readonly baselines: GateBaselines;
  readonly params: StabilizationParams;
}

/** The block that this poll belongs to, also when it was closed by it; in the warm-up the poll alone. */
export function presentReading(input: Omit<ShownInput, 'state' | 'memory' | 'sample'>): Reading {
  const { before, poll, baselines, params } = input;
  const open: Window = poll.isWarm ? before.block : EMPTY_WINDOW;
  return read(addPollToWindow(open, poll.wave, poll.control), 0, baselines, params);
}

export function shownReading(present: Reading, input: ShownInput): GateReading {
  const { state, sample, poll, memory, baselines, params } = input;
  const shown: GateReading = {
    ageS: poll.ageS,
    requests: present.requests,
    ...(state.abandoned ? { abandoned: state.abandoned } : {}),
    errors: shownMeasure(present.errors),
    latency: shownMeasure(present.latency),
    cpu: shownMeasure(present.cpu),
    memory: shownMemory(memory.waveMiB, baselines.wave?.mem, memory, params),
    scores: shownScores(state, poll, params),
    checks: state.checks,
    consecutiveGood: state.consecutiveGood,
    incomplete: poll.isIncomplete,
    counterResets: sample.counterResets,
  };
  if (Number.isNaN(memory.leakMiB)) return shown;
  return { ...shown, leak: shownMemory(memory.leakMiB, baselines.first?.mem, memory, params) };
}

function shownMeasure({ value, expected, allowed, excess }: Judged): MeasureReading {
  const isJudged = !Number.isNaN(expected);
  return {
    value: orNull(value),
    baseline: orNull(expected),
    allowed: orNull(allowed),
    ok: isJudged ? excess <= 1 : null,
  };
}

function shownMemory(
  value: number,
  baseline: number | undefined,
  { excuse }: MemoryReading,
  params: StabilizationParams,
): MeasureReading {
  if (baseline === undefined) {
    return { value: orNull(value), baseline: null, allowed: null, ok: null };
  }
  const expected = baseline * excuse;
  const allowed = expected + memoryAllowance(expected, params);
  return { value: orNull(value), baseline: expected, allowed, ok: value <= allowed };
}

function shownScores(
  state: StabilizationState,
  poll: Poll,
  params: StabilizationParams,
): GateReading['scores'] {
  const scored = MEASURES.filter((measure) => (state.scores[measure] ?? 0) > 0);
  return Object.fromEntries(
    scored.map((measure) => [
      measure,
      { score: state.scores[measure]!, threshold: thresholdOf(measure, { poll, params }) },
    ]),
  );
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
