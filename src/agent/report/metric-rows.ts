import { limits } from '../../kernel/limits.js';
import type { SparseHistogram } from '../../kernel/histogram.js';
import type { FrontCounters } from '../front/front-port.js';
import type { InstanceRecord } from '../journal/journal.js';
import type { MetricRow } from '../protocol/protocol.js';
import type { FamilyUsage } from '../supervisor/family-usage.js';

const noUsage: FamilyUsage = { cpuMs: 0, memoryBytes: 0 };
const noTraffic = {
  requests: 0,
  errors: 0,
  frontErrors: 0,
  cut: 0,
  retries: 0,
  clientGone: 0,
  websockets: 0,
};

/** One row per instance that the front or the journal knows: its traffic and its processes. */
export function metricRows(
  counters: readonly FrontCounters[],
  records: readonly InstanceRecord[],
  usage: ReadonlyMap<string, FamilyUsage>,
  ageMs: number,
): MetricRow[] {
  const rows = new Map<string, MetricRow>();
  for (const { inFlight: _, histogram, abandoned = [], refused = 0, ...counter } of counters) {
    rows.set(counter.instance, {
      ...counter,
      ageMs,
      ...(usage.get(counter.instance) ?? noUsage),
      histogram: pairs(histogram),
      ...(abandoned.length > 0 ? { abandoned: pairs(abandoned) } : {}),
      ...(refused > 0 ? { refused } : {}),
    });
  }
  for (const { instance, moduleId, release } of records) {
    if (rows.has(instance)) continue;
    const { releaseId } = release;
    rows.set(instance, {
      moduleId,
      releaseId,
      instance,
      ageMs,
      ...noTraffic,
      histogram: [],
      ...(usage.get(instance) ?? noUsage),
    });
  }
  return [...rows.values()].slice(-limits.reportMetricRows);
}

function pairs(histogram: SparseHistogram): [number, number][] {
  return histogram.map(([index, count]) => [index, count]);
}
