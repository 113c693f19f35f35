/** One poll of one gate: which intervals to ask for, and the sample that they make. Pure. */
import { limits } from '../../kernel/limits.js';
import type { IntervalRequest, NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { withAbandoned } from './abandoned.js';
import type { GateSample, NodeUsage } from './gate.js';
import type { GateNode, GateSpec } from './gate-spec.js';
import { mergeNodes } from './merge-nodes.js';
import { brokenShare, soundOf } from './sound-nodes.js';
import { coversGap, gapMs, type WatchedPoll } from './watch.js';

/** A node with fewer requests than this in five minutes has no traffic of its own. */
const OWN_REQUESTS = 5;
const OWN_REQUESTS_MS = 300_000;

export interface PollOf extends WatchedPoll {
  readonly tenantId: string;
  readonly id: string;
  readonly spec: GateSpec;
  /** From when on usage is read, by gates that wait until every node has reported. */
  readonly usageFromMs?: number;
}

type Group = 'wave' | 'usage' | 'earlier' | 'control' | 'recent';
type Intervals = ReadonlyMap<string, readonly NodeInterval[]>;

const keyOf = (id: string, group: Group) => `${id}:${group}`;

export function intervalRequests(poll: PollOf): IntervalRequest[] {
  const { tenantId, id, spec, fromMs, toMs } = poll;
  const request = (group: Group, nodes: readonly GateNode[]): IntervalRequest => ({
    key: keyOf(id, group),
    tenantId,
    moduleId: spec.moduleId,
    fromMs,
    toMs,
    nodeIds: nodes.map(({ nodeId }) => nodeId),
  });
  return [
    { ...request('wave', spec.wave), ...spec.only },
    ...(isUsageOlder(poll)
      ? [{ ...request('usage', spec.wave), ...spec.only, fromMs: poll.usageFromMs }]
      : []),
    { ...request('earlier', spec.earlier), ...spec.only },
    request('control', spec.control),
  ].filter(({ nodeIds }) => nodeIds.length > 0);
}

function isUsageOlder(poll: PollOf): poll is PollOf & { readonly usageFromMs: number } {
  return poll.usageFromMs !== undefined && poll.usageFromMs < poll.fromMs;
}

/**
 * Five minutes of the nodes whose last interval does not show that they are alive and have traffic of
 * their own. Also says when each was heard of last. Busy nodes are not asked: it is many rows.
 */
export function recentRequests(
  { tenantId, id, spec, toMs }: PollOf,
  intervals: Intervals,
): IntervalRequest[] {
  const seen = byNode(intervals.get(keyOf(id, 'wave')));
  const nodeIds = spec.wave
    .map(({ nodeId }) => nodeId)
    .filter((nodeId) => !hasTraffic(seen.get(nodeId)));
  if (nodeIds.length === 0) return [];
  const key = keyOf(id, 'recent');
  const fromMs = toMs - OWN_REQUESTS_MS;
  return [{ key, tenantId, moduleId: spec.moduleId, fromMs, toMs, nodeIds, ...spec.only }];
}

export interface PolledSample {
  readonly sample: GateSample;
  /** Nodes of the wave that have been silent for as long as makes a node Lost. */
  readonly lost: readonly GateNode[];
}

/** `recent`: the answers to `recentRequests`. */
export function sampleOf(poll: PollOf, intervals: Intervals, recent: Intervals): PolledSample {
  const { id, spec, toMs } = poll;
  const counted = (node: NodeInterval) => withAbandoned(node, spec.params);
  const seenIn = (group: Group) => intervals.get(keyOf(id, group)) ?? [];
  const of = (group: Group) => seenIn(group).map(counted);
  const seen = byNode(of('wave'));
  const before = byNode(recent.get(keyOf(id, 'recent'))?.map(counted));
  const lastOf = ({ nodeId }: GateNode) => before.get(nodeId) ?? seen.get(nodeId);
  // Nobody could be heard while nobody listened: silence begins when the watch goes on.
  const heardAt = (node: GateNode) =>
    Math.max(lastOf(node)?.lastSampleAt ?? spec.movedAt, poll.watchedSince);
  const pollMs = Number(spec.params.pollIntervalMs);
  const silenceMs = gapMs(pollMs);
  const silent = spec.wave.filter((node) => toMs - heardAt(node) > silenceMs);
  const used = isUsageOlder(poll) ? seenIn('usage') : seenIn('wave');
  const awaited = poll.usageFromMs === undefined ? [] : awaitedOf(spec.wave, used, silent);
  const idle = spec.wave.filter((node) => !hasTraffic(lastOf(node)));
  const firstIds = new Set(spec.first.map(({ nodeId }) => nodeId));
  const moved = [...of('wave'), ...of('earlier')];
  const errorLimit = Number(spec.params.limitErrorBasisPoints ?? 0) / 10_000;
  // One untouched node that breaks by itself is no reason why the others should fail.
  const control = soundOf(seenIn('control'), brokenShare(errorLimit)).map(counted);
  const sample: GateSample = {
    ageS: poll.watchedMs / 1000,
    ...(coversGap(poll, moved, pollMs) ? { afterGap: true } : {}),
    wave: mergeNodes(of('wave')),
    ...(spec.earlier.length > 0 ? { earlier: mergeNodes(of('earlier')) } : {}),
    ...(spec.control.length > 0 ? { control: mergeNodes(control) } : {}),
    worst: worstOf(of('wave'), spec.wave),
    firstMem: moved.filter(({ nodeId }) => firstIds.has(nodeId)).map((each) => each.memoryMiBMin),
    incomplete: silent.length > 0 || idle.length > 0,
    // A report of failure wakes the engine by itself; the gate's step reads it there.
    failedNodes: [],
    counterResets: moved.reduce((sum, { counterResets }) => sum + counterResets, 0),
    silentNodes: silent.map(({ name }) => name),
    ...(awaited.length > 0 ? { awaitedNodes: awaited.map(({ name }) => name) } : {}),
    usage: usageOf(used, spec.wave),
  };
  const lost = spec.wave.filter((node) => toMs - heardAt(node) > limits.nodeLostMs);
  return { sample, lost };
}

/** None while a node is silent: then nobody knows whether there is anything to wait for. */
function awaitedOf(
  wave: readonly GateNode[],
  used: readonly NodeInterval[],
  silent: readonly GateNode[],
): readonly GateNode[] {
  if (silent.length > 0) return [];
  const seen = byNode(used);
  return wave.filter(({ nodeId }) => !seen.has(nodeId));
}

function hasTraffic(interval: NodeInterval | undefined): boolean {
  return interval !== undefined && interval.requests >= OWN_REQUESTS;
}

function byNode(intervals: readonly NodeInterval[] = []): ReadonlyMap<string, NodeInterval> {
  return new Map(intervals.map((interval) => [interval.nodeId, interval]));
}

function worstOf(intervals: readonly NodeInterval[], nodes: readonly GateNode[]) {
  let worst: NodeInterval | null = null;
  const rate = ({ requests, errors }: NodeInterval) => (requests > 0 ? errors / requests : 0);
  for (const interval of intervals) {
    if (interval.requests === 0) continue;
    if (!worst || rate(interval) > rate(worst)) worst = interval;
  }
  if (!worst) return null;
  const { nodeId, requests, errors } = worst;
  const node = nodes.find((each) => each.nodeId === nodeId)?.name ?? nodeId;
  return { node, n: requests, errors };
}

function usageOf(
  intervals: readonly NodeInterval[],
  nodes: readonly GateNode[],
): NonNullable<GateSample['usage']> {
  const seen = byNode(intervals);
  const fullest = (percentOf: (interval: NodeInterval, node: GateNode) => number) => {
    let most: NodeUsage | null = null;
    for (const node of nodes) {
      const interval = seen.get(node.nodeId);
      const percent = interval ? percentOf(interval, node) : Number.NaN;
      // One node that cannot be read may be the fullest of all.
      if (!Number.isFinite(percent)) return null;
      if (!most || percent > most.percent) most = { node: node.name, percent: tenths(percent) };
    }
    return most;
  };
  return {
    cpu: fullest(({ cpuCores }, node) => (100_000 * cpuCores) / (node.cpuMillicores ?? Number.NaN)),
    memory: fullest(
      ({ memoryMiBMin }, node) => (100 * memoryMiBMin) / (node.memoryMiB ?? Number.NaN),
    ),
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
