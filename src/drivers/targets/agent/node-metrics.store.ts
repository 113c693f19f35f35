/** The table `node_metrics`: the counters of each report. metric-sources/agent reads it. */
import type { MetricRow } from '../../../agent/protocol/protocol.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

/** Older samples are of no use to any gate, and their partition may be gone. */
const SAMPLE_AGE_LIMIT_MS = 60 * 60 * 1000;

const insert = statement<{
  readonly tenantId: string;
  readonly nodeId: string;
  /** JSON. */
  readonly metrics: string;
}>(
  'node-metrics.insert',
  `
  insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
    errors, cpu_ms, memory_bytes, counters)
  select :tenantId, :nodeId, item."moduleId", item."releaseId", item.instance,
    statement_timestamp() - item."ageMs" * interval '1 millisecond', item.requests, item.errors,
    item."cpuMs", item."memoryBytes", item.counters
  from json_to_recordset(:metrics::json) as item ("moduleId" uuid, "releaseId" uuid, instance text,
    "ageMs" float8, requests bigint, errors bigint, "cpuMs" float8, "memoryBytes" bigint,
    counters json)`,
);

/**
 * Stores the counters of one report in one statement. A sample's time is the server's time of
 * receipt less the age that the node measured: the node's own clock is never used.
 */
export async function insertMetrics(
  open: OpenContext,
  nodeId: string,
  metrics: readonly MetricRow[],
): Promise<void> {
  const rows = metrics.filter((row) => row.ageMs <= SAMPLE_AGE_LIMIT_MS);
  if (rows.length === 0) return;
  const { tenantId } = open;
  await open.tx.execute(insert, { tenantId, nodeId, metrics: JSON.stringify(rows.map(stored)) });
}

function stored(row: MetricRow) {
  const { moduleId, releaseId, instance, ageMs, requests, cpuMs, memoryBytes } = row;
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
