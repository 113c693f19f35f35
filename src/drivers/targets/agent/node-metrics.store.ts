/** The table `node_metrics`: the counters of each report. metric-sources/agent reads it. */
import type { MetricRow } from '../../../agent/protocol/protocol.js';

/** Older samples are of no use to any gate, and their partition may be gone. */
const SAMPLE_AGE_LIMIT_MS = 60 * 60 * 1000;

/**
 * Stores the counters of a report. A sample's time is the server's time of receipt less the age that the node
 * measured: the node's own clock is never used. Fragment, over `presence`.
 */
export const INSERT_METRICS = `
    insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
      errors, cpu_ms, memory_bytes, counters)
    select :tenantId, :nodeId, item."moduleId", item."releaseId", item.instance,
      statement_timestamp() - item."ageMs" * interval '1 millisecond', item.requests, item.errors,
      item."cpuMs", item."memoryBytes", item.counters
    from json_to_recordset(:metrics::json) as item ("moduleId" uuid, "releaseId" uuid, instance text,
      "ageMs" float8, requests bigint, errors bigint, "cpuMs" float8, "memoryBytes" bigint,
      counters json)
    where exists (select from presence)`;

/** What is stored of them. `waitedMs`: since they came. */
export function storedMetrics(metrics: readonly MetricRow[], waitedMs = 0): object[] {
  return metrics
    .filter((row) => row.ageMs <= SAMPLE_AGE_LIMIT_MS)
    .map((row) => stored(row, row.ageMs + waitedMs));
}

function stored(row: MetricRow, ageMs: number) {
  const { moduleId, releaseId, instance, requests, cpuMs, memoryBytes } = row;
  const { histogram, abandoned, frontErrors, cut, retries, clientGone, refused, websockets } = row;
  return {
    moduleId,
    releaseId,
    instance,
    ageMs,
    requests,
    cpuMs,
    memoryBytes,
    errors: row.errors + frontErrors + cut,
    counters: { histogram, abandoned, frontErrors, cut, retries, clientGone, refused, websockets },
  };
}
