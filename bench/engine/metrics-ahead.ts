/**
 * What nodes report during a measurement, stored before it begins: a gate reads only up to its own
 * time, so rows that lie ahead are found when their time has come. The cost of taking reports in is
 * thereby not in the figures of the bakes.
 */
import type { Copied } from './copies.js';
import type { Rig } from './rig.js';

export interface Ahead {
  readonly pastSeconds: number;
  readonly aheadSeconds: number;
  readonly everyMs: number;
  readonly requestsPerSecond: number;
}

const BATCH = 200;

export async function metricsAhead(
  rig: Rig,
  copies: readonly Copied[],
  ahead: Ahead,
): Promise<number> {
  let rows = 0;
  for (let at = 0; at < copies.length; at += BATCH) {
    const part = copies.slice(at, at + BATCH);
    const pairs = part.flatMap((copy) => copy.nodeIds.map((nodeId) => ({ ...copy, nodeId })));
    const [made] = await rig.sql<{ count: number }>(METRICS_SQL, [
      pairs.map(({ tenantId }) => tenantId),
      pairs.map(({ nodeId }) => nodeId),
      pairs.map(({ moduleId }) => moduleId),
      ahead.pastSeconds,
      ahead.aheadSeconds,
      ahead.everyMs,
      ahead.requestsPerSecond,
    ]);
    rows += made!.count;
  }
  return rows;
}

// Running totals, with a latency histogram of twelve buckets; each node at a phase of its own.
const METRICS_SQL = `
  with pairs as (
    select *, random() * $6::int as phase_ms
    from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as t (tenant_id, node_id, module_id)),
  made as (
    insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
      errors, cpu_ms, memory_bytes, counters)
    select tenant_id, node_id, module_id, module_id, 'i-1',
      clock_timestamp() + (k * $6::int + phase_ms) * interval '1 millisecond',
      n, n / 1000, n * 2, 120000000 + k * 1000,
      jsonb_build_object('histogram', jsonb_build_array(
        jsonb_build_array(88, n * 5 / 100), jsonb_build_array(90, n * 10 / 100),
        jsonb_build_array(92, n * 15 / 100), jsonb_build_array(94, n * 20 / 100),
        jsonb_build_array(96, n * 15 / 100), jsonb_build_array(98, n * 10 / 100),
        jsonb_build_array(100, n * 8 / 100), jsonb_build_array(102, n * 6 / 100),
        jsonb_build_array(104, n * 5 / 100), jsonb_build_array(106, n * 3 / 100),
        jsonb_build_array(108, n * 2 / 100), jsonb_build_array(110, n / 100)),
        'frontErrors', 0, 'cut', 0, 'retries', 0, 'clientGone', 0, 'websockets', 0)
    from pairs, generate_series(-$4::int * 1000 / $6::int, $5::int * 1000 / $6::int) as k,
      lateral (select ((k + 10000) * $6::int * $7::float8 / 1000)::bigint as n) as total
    returning 1)
  select count(*)::int as count from made`;
