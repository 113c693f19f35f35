/**
 * The gate `stabilization`, version 2: a wave's nodes against themselves before the move.
 *
 *   sample → poll (cleaned, excused) → memory → harm scores → checks → cause → verdict
 *
 * Two questions are asked apart. HARM asks at every poll "is this clearly worse?" and ends the gate
 * early. CHECKS ask at every block of enough requests "is this as good as before?" and let it pass.
 * Between the two lies waiting, until the maximum wait. docs/gates.md tells it in plain words.
 *
 * A change that lets stored samples fold to another verdict is a new version: stored verdicts name
 * theirs, and are never replayed by another one. Version 1 was gone before the first release.
 */
import type { FoldResult, GateBaselines, GateKind, GateSample } from '../gate.js';
import { BASELINE_REACH_MS } from './blocks.js';
import { addToChecks } from './checks.js';
import { addHarm } from './harm.js';
import { extendTrend, readMemory, remember } from './memory.js';
import { readPoll, type Poll } from './poll.js';
import { read } from './reading.js';
import { reasonOf } from './reasons.js';
import { presentReading, shownReading, type ShownInput } from './shown-reading.js';
import {
  stabilizationParams,
  stabilizationStricter,
  type StabilizationParams,
} from './stabilization-params.js';
import { startState, type StabilizationState } from './stabilization-state.js';
import { causeAtOnce, causeOf, type Cause } from './verdict.js';
import { needsPerson, withoutUndoIntoWorse } from './undo-into-worse.js';
import { yardstickOf } from './yardstick.js';

export const stabilization: GateKind<StabilizationParams, StabilizationState> = {
  kind: 'stabilization',
  title: 'As stable as before the move',
  version: 2,
  params: stabilizationParams,
  stricter: stabilizationStricter,
  baselineReachMs: BASELINE_REACH_MS,
  start: (baselines) => startState(baselines),
  fold,
  yardstick: yardstickOf,
  trend: (state) => state.trend,
  noDataAction: (params) => params.onNoData,
};

function fold(
  before: StabilizationState,
  sample: GateSample,
  baselines: GateBaselines,
  params: StabilizationParams,
): FoldResult<StabilizationState> {
  const poll = readPoll(sample, baselines, params);
  const remembered = rememberPoll(before, sample, poll);
  const memory = readMemory(remembered, baselines, poll.control !== undefined, params);
  const input = { poll, memory, baselines, params };
  const harm = addHarm(before, input);
  const progress = addToChecks(before, { ...input, scores: harm.scores });
  const state: StabilizationState = { ...remembered, ...harm, ...progress };
  const smooth = read(state.smooth, 0, baselines, params);
  const judged = { ...input, state, smooth };
  const cause = causeAtOnce(sample, baselines) ?? withoutUndoIntoWorse(causeOf(judged), judged);
  return explain(cause, { ...input, state, before, sample }, smooth);
}

function rememberPoll(
  before: StabilizationState,
  sample: GateSample,
  poll: Poll,
): StabilizationState {
  return {
    ...before,
    waveMem: remember(before.waveMem, poll.wave),
    controlMem: remember(before.controlMem, poll.control),
    trend: extendTrend(before.trend, sample, poll.isWarm),
    requests: before.requests + poll.wave.n,
    errors: before.errors + poll.wave.errors,
    abandoned: before.abandoned + (sample.wave.abandoned ?? 0),
    earlierRequests: before.earlierRequests + (poll.earlier?.n ?? 0),
    earlierErrors: before.earlierErrors + (poll.earlier?.errors ?? 0),
  };
}

function explain(
  cause: Cause,
  input: ShownInput,
  smooth: ReturnType<typeof read>,
): FoldResult<StabilizationState> {
  const present = shownReading(presentReading(input), input);
  // A pass and a time-out were decided by the smoothed reading, everything else by the present one.
  const isOverall = ['settled', 'never-settled', 'no-data'].includes(cause.because);
  const reason = reasonOf({
    cause,
    reading: isOverall ? shownReading(smooth, input) : present,
    poll: input.poll,
    failedNodes: input.sample.failedNodes,
    silentNodes: input.sample.silentNodes,
    blockRequests: input.state.block.wave.n,
    requests: input.state.requests,
    abandoned: input.state.abandoned,
    params: input.params,
    broken: input.baselines.broken ?? {},
  });
  const measure = 'measure' in cause ? cause.measure : undefined;
  return {
    state: input.state,
    verdict: cause.verdict,
    reason,
    ...(measure === undefined ? {} : { measure }),
    ...(needsPerson(cause, input.baselines) ? { needsPerson: true } : {}),
    reading: isOverall ? shownReading(smooth, input) : present,
  };
}
