/** Lines of a chart: one for each release on each node, or, of many, one for each release. Pure. */
import { addSparse, emptyBuckets } from '../../kernel/histogram.js';
import type { CounterSample } from '../../drivers/metric-sources/agent/counter-samples.queries.js';
import { quantileMs } from '../gates/stabilization/quantiles.js';
import { metricLimits } from './metric-limits.js';
import type { MetricSeries } from './metrics.dto.js';
import type { MetricWindow } from './metric-window.js';
import { nodePoints, type NodePoint } from './node-points.js';

export type SeriesBy = 'node' | 'release';

interface Line {
  readonly moduleId: string;
  readonly releaseId: string;
  readonly nodeId: string;
  readonly points: readonly (NodePoint | null)[];
}

/** As a series, but with ids for names. */
export type NamelessSeries = Omit<MetricSeries, 'module' | 'version' | 'node'>;

export interface SeriesFound {
  readonly by: SeriesBy;
  readonly series: NamelessSeries[];
  /** More than are shown, though summed over nodes: those with the fewest requests. */
  readonly leftOut: number;
}

/** `modules`: which module the request of a sample was about. */
export function seriesOf(
  samples: readonly CounterSample[],
  modules: readonly string[],
  { window, by }: { readonly window: MetricWindow; readonly by: SeriesBy | undefined },
): SeriesFound {
  const lines = linesOf(samples, modules, window);
  const isByNode = by !== 'release' && lines.length <= metricLimits.series;
  const groups = isByNode ? lines.map((line) => [line]) : byRelease(lines);
  const series = groups.map((group) => merged(group, window.points, isByNode));
  const shown = series.sort((one, other) => other.requests - one.requests);
  return {
    by: isByNode ? 'node' : 'release',
    series: shown.slice(0, metricLimits.series),
    leftOut: Math.max(0, shown.length - metricLimits.series),
  };
}

function linesOf(
  samples: readonly CounterSample[],
  modules: readonly string[],
  window: MetricWindow,
): Line[] {
  const groups = new Map<string, CounterSample[]>();
  for (const sample of samples) {
    const key = `${sample.request} ${sample.releaseId} ${sample.nodeId}`;
    const own = groups.get(key) ?? [];
    groups.set(key, own);
    own.push(sample);
  }
  return [...groups.values()].flatMap((own) => {
    const { request, releaseId, nodeId } = own[0]!;
    const points = nodePoints(own, window);
    if (points.every((point) => point === null)) return [];
    return [{ moduleId: modules[request]!, releaseId, nodeId, points }];
  });
}

function byRelease(lines: readonly Line[]): Line[][] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.moduleId} ${line.releaseId}`;
    const own = groups.get(key) ?? [];
    groups.set(key, own);
    own.push(line);
  }
  return [...groups.values()];
}

function merged(lines: readonly Line[], points: number, isByNode: boolean): NamelessSeries {
  const { moduleId, releaseId, nodeId } = lines[0]!;
  const steps = Array.from({ length: points }, (_, at) =>
    lines.flatMap((line) => line.points[at] ?? []),
  );
  const sums = (of: (point: NodePoint) => number) =>
    steps.map((step) => (step.length === 0 ? null : rounded(sumOf(step, of))));
  const buckets = steps.map(bucketsOf);
  const quantiles = (quantile: number) => buckets.map((each) => orNull(quantileMs(each, quantile)));
  return {
    moduleId,
    releaseId,
    nodeId: isByNode ? nodeId : null,
    nodes: lines.length,
    requests: steps.flat().reduce((sum, { requests }) => sum + requests, 0),
    reporting: steps.map((step) => step.length),
    requestsPerSecond: sums((point) => point.requestsPerSecond),
    errorPercent: steps.map(errorPercentOf),
    p50Ms: quantiles(0.5),
    p95Ms: quantiles(0.95),
    p99Ms: quantiles(0.99),
    cpuCores: sums((point) => point.cpuCores),
    memoryMiB: sums((point) => point.memoryMiB),
  };
}

/** Null: there was nothing that could have failed. */
function errorPercentOf(step: readonly NodePoint[]): number | null {
  const requests = sumOf(step, (point) => point.requests);
  if (requests === 0) return null;
  return rounded((100 * sumOf(step, (point) => point.errors)) / requests);
}

function bucketsOf(step: readonly NodePoint[]): number[] {
  const buckets = emptyBuckets();
  for (const { histograms } of step) {
    for (const histogram of histograms) addSparse(buckets, histogram, 1);
  }
  return buckets;
}

function sumOf(step: readonly NodePoint[], of: (point: NodePoint) => number): number {
  return step.reduce((sum, point) => sum + of(point), 0);
}

const orNull = (value: number) => (Number.isFinite(value) ? rounded(value) : null);
const rounded = (value: number) => Math.round(value * 1000) / 1000;
