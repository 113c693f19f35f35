/** What one release did on one node, step by step, from the counters of its instances. Pure. */
import type { CounterSample } from '../../drivers/metric-sources/agent/counter-samples.queries.js';
import { differences } from '../../drivers/metric-sources/agent/counter-difference.js';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import type { SparseHistogram } from '../../kernel/histogram.js';
import type { MetricWindow } from './metric-window.js';

export interface NodePoint {
  readonly requests: number;
  readonly errors: number;
  readonly requestsPerSecond: number;
  readonly cpuCores: number;
  readonly memoryMiB: number;
  readonly histograms: readonly SparseHistogram[];
}

/** Instances that were heard of so close to the last one were running at the end of the step. */
const RUNNING_TOLERANCE_MS = 2_000;

interface Part {
  readonly interval: NodeInterval;
  /** How long it was watched in this step. */
  readonly ms: number;
}

/** Null: nothing was reported, or a counter fell that nobody can explain: then nobody knows. */
export function nodePoints(
  samples: readonly CounterSample[],
  window: MetricWindow,
): (NodePoint | null)[] {
  const parts = [...byInstance(samples).values()].map((own) => partsOf(own, window));
  return Array.from({ length: window.points }, (_, at) =>
    pointOf(parts.flatMap((each) => each[at] ?? [])),
  );
}

function partsOf(
  samples: readonly CounterSample[],
  { fromMs, stepMs, points }: MetricWindow,
): (Part | undefined)[] {
  const [first] = samples;
  let isNew = !samples.some(({ bucket }) => bucket === 0);
  return differences(first!.nodeId, samples, fromMs, points).map((interval, at) => {
    if (!interval) return undefined;
    // An instance that has just come was there for no longer than this step.
    const sinceMs = isNew ? fromMs + at * stepMs : interval.sinceMs;
    isNew = false;
    return { interval, ms: Math.max(1, interval.lastSampleAt - sinceMs) };
  });
}

function pointOf(parts: readonly Part[]): NodePoint | null {
  if (parts.length === 0 || parts.some(({ interval }) => interval.counterResets > 0)) return null;
  const lastAt = Math.max(...parts.map(({ interval }) => interval.lastSampleAt));
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0);
  return {
    requests: sum(({ interval }) => interval.requests),
    errors: sum(({ interval }) => interval.errors),
    requestsPerSecond: sum(({ interval, ms }) => (1000 * interval.requests) / ms),
    cpuCores: sum(({ interval, ms }) => cpuMsOf(interval) / ms),
    memoryMiB: sum(({ interval }) =>
      interval.lastSampleAt >= lastAt - RUNNING_TOLERANCE_MS ? interval.memoryMiBMin : 0,
    ),
    histograms: parts.map(({ interval }) => interval.histogram),
  };
}

const cpuMsOf = ({ cpuCores, lastSampleAt, sinceMs }: NodeInterval) =>
  cpuCores * (lastSampleAt - sinceMs);

function byInstance(samples: readonly CounterSample[]): Map<string, CounterSample[]> {
  const groups = new Map<string, CounterSample[]>();
  for (const sample of samples) {
    const own = groups.get(sample.instance) ?? [];
    groups.set(sample.instance, own);
    own.push(sample);
  }
  return groups;
}
