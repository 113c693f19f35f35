/** Who is who in a wave, and what a gate would be told about them. */
import type { GateGroup, GateSample } from '../../../src/deployments/gates/gate.js';
import { HISTOGRAM_BUCKETS, toSparse } from '../../../src/kernel/histogram.js';
import type { NodeInterval } from '../../../src/drivers/metric-sources/metric-source.js';
import type { NodePoll } from './world.js';

export interface Groups {
  readonly wave: readonly number[];
  readonly earlier: readonly number[];
  /** Not moved yet. */
  readonly control: readonly number[];
  readonly first: readonly number[];
}

export const nameOf = (node: number) => `node-${node}`;

/** As a source of metrics tells it. */
export function intervalsOf(
  polled: readonly NodePoll[],
  nodes: readonly number[],
): readonly NodeInterval[] {
  return nodes.map((node) => {
    const { n, errors, counts, cpu, mem } = polled[node]!;
    return {
      nodeId: nameOf(node),
      requests: n,
      errors,
      histogram: toSparse(counts),
      cpuCores: cpu,
      memoryMiBMin: mem,
      counterResets: 0,
      samples: 1,
      lastSampleAt: 0,
      sinceMs: 0,
    };
  });
}

function merge(polled: readonly NodePoll[], nodes: readonly number[]): GateGroup {
  const counts = new Float64Array(HISTOGRAM_BUCKETS);
  const group = { n: 0, errors: 0, cpu: 0, mem: 0 };
  for (const node of nodes) {
    const one = polled[node]!;
    one.counts.forEach((count, index) => (counts[index]! += count));
    group.n += one.n;
    group.errors += one.errors;
    group.cpu += one.cpu / nodes.length;
    group.mem += one.mem / nodes.length;
  }
  return { ...group, histogram: toSparse(counts) };
}

export function sampleOf(polled: readonly NodePoll[], groups: Groups, ageS: number): GateSample {
  return {
    ageS,
    wave: merge(polled, groups.wave),
    ...(groups.earlier.length > 0 ? { earlier: merge(polled, groups.earlier) } : {}),
    ...(groups.control.length > 0 ? { control: merge(polled, groups.control) } : {}),
    worst: worstOf(polled, groups.wave),
    firstMem: groups.first.map((node) => polled[node]!.mem),
    incomplete: false,
    failedNodes: [],
    counterResets: 0,
    silentNodes: [],
  };
}

function worstOf(polled: readonly NodePoll[], nodes: readonly number[]): GateSample['worst'] {
  const rated = nodes
    .map((node) => ({ node: nameOf(node), n: polled[node]!.n, errors: polled[node]!.errors }))
    .filter(({ n }) => n > 0);
  return rated.sort((a, b) => b.errors / b.n - a.errors / a.n)[0] ?? null;
}
