/**
 * The gate `utilization`, version 1: is there room left on every node of the wave, and is it steady?
 * It needs neither traffic nor a baseline, so it also judges what has just been started and what
 * serves nobody yet. What the release does to its callers is the other gates' business.
 *
 * A change that lets stored samples fold to another verdict is a new version in a new folder.
 */
import type {
  FoldResult,
  GateBaselines,
  GateKind,
  GateReading,
  GateSample,
  NodeUsage,
  Verdict,
} from '../gate.js';
import { goodChecks } from '../good-checks.js';
import { nodeNames } from '../node-names.js';
import { BROKEN_REACH_MS, brokenBefore } from './broken-before.js';
import {
  utilizationParams,
  utilizationStricter,
  type UtilizationParams,
} from './utilization-params.js';

/** Smallest and largest percentage since the last check that was not good. */
interface Range {
  readonly from: number;
  readonly to: number;
}

export interface UtilizationState {
  /** Samples in which every node could be read. */
  readonly checks: number;
  readonly good: number;
  readonly cpu: Range | null;
  readonly memory: Range | null;
}

export const utilization: GateKind<UtilizationParams, UtilizationState> = {
  kind: 'utilization',
  title: 'Enough room on every node, and steady',
  version: 1,
  params: utilizationParams,
  stricter: utilizationStricter,
  baselineReachMs: BROKEN_REACH_MS,
  awaitsNodes: true,
  start: () => ({ checks: 0, good: 0, cpu: null, memory: null }),
  fold,
  yardstick: (polls, _params, down) => brokenBefore(polls, down),
  trend: () => [],
  noDataAction: ({ onNoData }) => onNoData,
};

interface Usage {
  readonly cpu: NodeUsage;
  readonly memory: NodeUsage;
}

function fold(
  before: UtilizationState,
  sample: GateSample,
  baselines: GateBaselines,
  params: UtilizationParams,
): FoldResult<UtilizationState> {
  const usage = usageOf(sample);
  const state = usage ? check(before, usage, params) : withoutCheck(before, sample);
  const judgement = judge(state, usage, sample, params);
  const { verdict, reason, measure } = withoutUndoIntoWorse(judgement, sample, baselines);
  const needsPerson = verdict === 'inconclusive' && baselines.broken?.wave !== undefined;
  return {
    state,
    verdict,
    reason,
    ...(measure ? { measure } : {}),
    ...(needsPerson ? { needsPerson } : {}),
    reading: readingOf(state, usage, sample, params),
  };
}

/** Null: a node is silent, has not said what it can give, or a figure of it is none. */
function usageOf({ usage, silentNodes }: GateSample): Usage | null {
  if (!usage?.cpu || !usage.memory || silentNodes.length > 0) return null;
  // No comparison with such a figure is true, so that it would pass for a node with room.
  if (![usage.cpu, usage.memory].every(({ percent }) => Number.isFinite(percent))) return null;
  return { cpu: usage.cpu, memory: usage.memory };
}

/** Figures that are yet to come say nothing; figures that cannot be had end the row of good checks. */
function withoutCheck(before: UtilizationState, { awaitedNodes = [] }: GateSample) {
  return awaitedNodes.length > 0 ? before : { ...before, good: 0 };
}

function check(
  before: UtilizationState,
  usage: Usage,
  params: UtilizationParams,
): UtilizationState {
  const checks = before.checks + 1;
  if (tooFull(usage, params)) return { checks, good: 0, cpu: null, memory: null };
  const own = { cpu: rangeOf(usage.cpu.percent), memory: rangeOf(usage.memory.percent) };
  const all =
    before.good === 0
      ? own
      : { cpu: join(before.cpu, own.cpu), memory: join(before.memory, own.memory) };
  const isSteady = [all.cpu, all.memory].every(({ from, to }) => to - from <= params.swingPoints);
  // After a jump the row of good checks begins anew, with this one.
  return isSteady ? { checks, good: before.good + 1, ...all } : { checks, good: 1, ...own };
}

interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly measure?: 'cpu' | 'memory';
}

function judge(
  { good, checks }: UtilizationState,
  usage: Usage | null,
  { ageS, failedNodes, awaitedNodes = [] }: GateSample,
  params: UtilizationParams,
): Judgement {
  if (failedNodes.length > 0) {
    return { verdict: 'unstable', reason: `the release failed on ${failedNodes.join(', ')}` };
  }
  const ageMs = ageS * 1000;
  const needed = params.consecutiveStableChecks;
  if (usage && good >= needed && ageMs >= params.minWaitMs) {
    return { verdict: 'stable', reason: `room on every node: ${sentence(usage, params)}` };
  }
  const full = usage && tooFull(usage, params);
  const progress = goodChecks({ good, needed, ageMs, minWaitMs: params.minWaitMs });
  const why = full ?? (usage ? `${progress}: ${sentence(usage, params)}` : null);
  const reason = why ?? missing(awaitedNodes);
  const measure = full
    ? { measure: full.startsWith('CPU') ? ('cpu' as const) : ('memory' as const) }
    : {};
  if (ageMs < params.maxWaitMs) return { verdict: 'waiting', reason, ...measure };
  if (checks === 0 || !usage) return { verdict: 'inconclusive', reason };
  const late = `${reason}; not settled within ${Math.round(params.maxWaitMs / 1000)} s`;
  return { verdict: 'unstable', reason: late, ...measure };
}

function missing(awaitedNodes: readonly string[]): string {
  if (awaitedNodes.length === 0) {
    return 'a node does not report how much CPU and memory it uses or has';
  }
  return `no report since the last check from ${nodeNames(awaitedNodes)}`;
}

/** Nodes that are too full serve at least; back where they were broken, they would not. */
function withoutUndoIntoWorse(
  judgement: Judgement,
  { failedNodes }: GateSample,
  { broken }: GateBaselines,
): Judgement {
  if (judgement.verdict !== 'unstable' || failedNodes.length > 0 || !broken?.wave) return judgement;
  const why = 'these nodes were broken before the move, so nothing is rolled back automatically';
  return { ...judgement, verdict: 'inconclusive', reason: `${judgement.reason}; ${why}` };
}

function tooFull({ cpu, memory }: Usage, params: UtilizationParams): string | null {
  if (cpu.percent >= params.maxCpuPercent) {
    return `CPU of ${cpu.node} is at ${cpu.percent} %, it must be below ${params.maxCpuPercent} %`;
  }
  if (memory.percent >= params.maxMemoryPercent) {
    return `memory of ${memory.node} is at ${memory.percent} %, it must be below ${params.maxMemoryPercent} %`;
  }
  return null;
}

function sentence({ cpu, memory }: Usage, params: UtilizationParams): string {
  return (
    `CPU at most ${cpu.percent} % (${cpu.node}; below ${params.maxCpuPercent} %), ` +
    `memory at most ${memory.percent} % (${memory.node}; below ${params.maxMemoryPercent} %)`
  );
}

function readingOf(
  { checks, good }: UtilizationState,
  usage: Usage | null,
  sample: GateSample,
  params: UtilizationParams,
): GateReading {
  const notJudged = { value: null, baseline: null, allowed: null, ok: null };
  const judged = (value: number | undefined, allowed: number) =>
    value === undefined
      ? { ...notJudged, allowed }
      : { value, baseline: null, allowed, ok: value < allowed };
  return {
    unit: 'percent',
    ageS: sample.ageS,
    requests: sample.wave.n,
    errors: notJudged,
    latency: notJudged,
    cpu: judged(usage?.cpu.percent, params.maxCpuPercent),
    memory: judged(usage?.memory.percent, params.maxMemoryPercent),
    scores: {},
    checks,
    consecutiveGood: good,
    incomplete: usage === null,
    counterResets: sample.counterResets,
  };
}

const rangeOf = (percent: number): Range => ({ from: percent, to: percent });

function join(before: Range | null, own: Range): Range {
  if (!before) return own;
  return { from: Math.min(before.from, own.from), to: Math.max(before.to, own.to) };
}
