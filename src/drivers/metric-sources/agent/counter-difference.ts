import {
  addSparse,
  fromSparse,
  toSparse,
  type SparseHistogram,
} from '../../../kernel/histogram.js';
import type { NodeInterval, Traffic } from '../metric-source.js';
import type { CounterSample } from './counter-samples.queries.js';

/**
 * Turns the cumulative counters of one node into what it did per bucket. A new instance counts from
 * zero. A counter that falls although the instance is the same cannot be explained: that instance
 * is left out of the bucket and counted in `counterResets`. Nothing is ever negative.
 */
export function differences(
  nodeId: string,
  samples: readonly CounterSample[],
  fromMs: number,
  bucketCount: number,
): (NodeInterval | undefined)[] {
  const last = new Map<string, CounterSample>();
  let previousAtMs = fromMs;
  const before = samples.filter((sample) => sample.bucket === 0);
  for (const sample of before) last.set(sample.instance, sample);
  if (before.length > 0) previousAtMs = Math.max(...before.map((sample) => sample.atMs));

  const intervals: (NodeInterval | undefined)[] = [];
  for (let bucket = 1; bucket <= bucketCount; bucket += 1) {
    const present = samples.filter((sample) => sample.bucket === bucket);
    if (present.length === 0) {
      intervals.push(undefined);
      continue;
    }
    intervals.push(difference(nodeId, present, last, previousAtMs));
    for (const sample of present) last.set(sample.instance, sample);
    previousAtMs = Math.max(...present.map((sample) => sample.atMs));
  }
  return intervals;
}

/** Instances sampled this close to the node's newest sample were running at the end. */
const RUNNING_TOLERANCE_MS = 2_000;
const MIB = 1024 * 1024;

function difference(
  nodeId: string,
  present: readonly CounterSample[],
  last: ReadonlyMap<string, CounterSample>,
  previousAtMs: number,
): NodeInterval {
  const lastSampleAt = Math.max(...present.map((sample) => sample.atMs));
  const total = new TrafficSum();
  const releases = new Map<string, TrafficSum>();
  let cpuMs = 0;
  let memoryBytes = 0;
  let counterResets = 0;
  let samples = 0;
  for (const sample of present) {
    samples += sample.samples;
    if (sample.atMs >= lastSampleAt - RUNNING_TOLERANCE_MS) memoryBytes += sample.memoryBytesMin;
    const release = releases.get(sample.releaseId) ?? new TrafficSum();
    releases.set(sample.releaseId, release);
    const grown = growth(sample, last.get(sample.instance));
    if (!grown) {
      counterResets += 1;
      continue;
    }
    cpuMs += grown.cpuMs;
    total.add(grown);
    release.add(grown);
  }
  return {
    nodeId,
    ...total.traffic(),
    cpuCores: lastSampleAt > previousAtMs ? cpuMs / (lastSampleAt - previousAtMs) : 0,
    memoryMiBMin: memoryBytes / MIB,
    lastSampleAt,
    sinceMs: previousAtMs,
    counterResets,
    samples,
    ...(releases.size > 1 && {
      byRelease: Object.fromEntries([...releases].map(([id, sum]) => [id, sum.traffic()])),
    }),
  };
}

interface Growth extends Traffic {
  readonly cpuMs: number;
}

/** Undefined when any counter fell. */
function growth(now: CounterSample, before: CounterSample | undefined): Growth | undefined {
  if (!before) return { ...now, abandoned: now.abandoned ?? [] };
  const requests = now.requests - before.requests;
  const errors = now.errors - before.errors;
  const cpuMs = now.cpuMs - before.cpuMs;
  if (requests < 0 || errors < 0 || cpuMs < 0) return undefined;
  const histogram = grownBy(now.histogram, before.histogram);
  const abandoned = grownBy(now.abandoned ?? [], before.abandoned ?? []);
  if (!histogram || !abandoned) return undefined;
  return { requests, errors, cpuMs, histogram, abandoned };
}

function grownBy(now: SparseHistogram, before: SparseHistogram): SparseHistogram | undefined {
  // Almost always so for what was abandoned.
  if (before.length === 0) return now;
  const counts = fromSparse(now);
  addSparse(counts, before, -1);
  return counts.some((count) => count < 0) ? undefined : toSparse(counts);
}

class TrafficSum {
  private requests = 0;
  private errors = 0;
  private histogram: SparseHistogram = [];
  private abandoned: SparseHistogram = [];

  add({ requests, errors, histogram, abandoned = [] }: Traffic): void {
    this.requests += requests;
    this.errors += errors;
    this.histogram = sumOf(this.histogram, histogram);
    this.abandoned = sumOf(this.abandoned, abandoned);
  }

  traffic(): Traffic {
    const { requests, errors, histogram, abandoned } = this;
    return { requests, errors, histogram, ...(abandoned.length > 0 && { abandoned }) };
  }
}

function sumOf(one: SparseHistogram, other: SparseHistogram): SparseHistogram {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const counts = fromSparse(one);
  addSparse(counts, other, 1);
  return toSparse(counts);
}
