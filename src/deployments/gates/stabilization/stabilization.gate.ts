/**
 * The gate `stabilization`, version 1: a wave's nodes against themselves before the move.
 *
 *   sample → poll (cleaned, excused) → memory → harm scores → checks → cause → verdict
 *
 * Two questions are asked apart. HARM asks at every poll "is this clearly worse?" and ends the gate
 * early. CHECKS ask at every block of enough requests "is this as good as before?" and let it pass.
 * Between the two lies waiting, until the maximum wait. docs/gates.md tells it in plain words.
 *
 * A change that lets stored samples fold to another verdict is a new version in a new folder: stored
 * verdicts name this one and must stay replayable.
 */
import type { FoldResult, GateBaselines, GateKind, GateSample } from '../gate.js';
import { BASELINE_REACH_MS, baselineOf } from './baseline.js';
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

export const stabilization: GateKind<StabilizationParams, StabilizationState> = {
  kind: 'stabilization',
  title: 'As stable as before the move',
  version: 1,
  params: stabilizationParams,
  stricter: stabilizationStricter,
  baselineReachMs: BASELINE_REACH_MS,
  start: (baselines) => startState(baselines),
  fold,
  baseline: baselineOf,
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
  const cause = causeAtOnce(sample, baselines) ?? causeOf({ ...input, state, smooth });
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
    abandoned: (before.abandoned ?? 0) + (sample.wave.abandoned ?? 0),
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
    abandoned: input.state.abandoned ?? 0,
    params: input.params,
  });
  const measure = 'measure' in cause ? cause.measure : undefined;
  return {
    state: input.state,
    verdict: cause.verdict,
    reason,
    ...(measure === undefined ? {} : { measure }),
    reading: isOverall ? shownReading(smooth, input) : present,
  };
}
