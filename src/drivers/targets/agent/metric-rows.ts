import type { MetricRow } from '../../../agent/protocol/protocol.js';
import type { OpenContext } from '../../../platform/context.js';

/** Older samples are of no use to any gate, and their partition may be gone. */
const SAMPLE_AGE_LIMIT_MS = 60 * 60 * 1000;

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
  await open.tx.execute(INSERT_SQL, [open.tenantId, nodeId, JSON.stringify(rows.map(stored))]);
}

function stored(row: MetricRow) {
  const { moduleId, releaseId, instance, ageMs, requests, cpuMs, memoryBytes } = row;
  const { histogram, abandoned, frontErrors, cut, retries, clientGone, websockets } = row;
  return {
    moduleId,
    releaseId,
    instance,
    ageMs,
    requests,
    cpuMs,
    memoryBytes,
    errors: row.errors + frontErrors + cut,
    counters: { histogram, abandoned, frontErrors, cut, retries, clientGone, websockets },
  };
}

const INSERT_SQL = `
  insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
    errors, cpu_ms, memory_bytes, counters)
  select $1, $2, item."moduleId", item."releaseId", item.instance,
    statement_timestamp() - item."ageMs" * interval '1 millisecond', item.requests, item.errors,
    item."cpuMs", item."memoryBytes", item.counters
  from json_to_recordset($3::json) as item ("moduleId" uuid, "releaseId" uuid, instance text,
    "ageMs" float8, requests bigint, errors bigint, "cpuMs" float8, "memoryBytes" bigint,
    counters json)`;
