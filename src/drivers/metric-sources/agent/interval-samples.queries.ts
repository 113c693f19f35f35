import type { SparseHistogram } from '../../../kernel/histogram.js';
import { statement } from '../../../platform/database/statement.js';
import type { Transaction } from '../../../platform/database/transaction.js';
import type { IntervalRequest } from '../metric-source.js';
import type { CounterSample } from './counter-samples.queries.js';

/**
 * What a gate's poll reads, for any number of requests in one statement: per instance its newest row
 * in the interval (bucket 1), beside the one to subtract (bucket 0). Ten thousand open gates ask this
 * every few seconds, so it touches two rows per node and instance, and no more.
 *
 * The row to subtract is the instance's own last one within the ten minutes before. An instance
 * without one is new and counts from zero, unless its node had fallen silent altogether: then it is
 * subtracted from where it stopped.
 */
export async function readIntervalSamples(
  tx: Transaction,
  requests: readonly IntervalRequest[],
): Promise<CounterSample[]> {
  const asked = requests.flatMap((request, index) =>
    [...new Set(request.nodeIds)].map((nodeId) => ({ ...request, index, nodeId })),
  );
  if (asked.length === 0) return [];
  const rows = await tx.query(read, {
    requests: asked.map((row) => row.index),
    tenantIds: asked.map((row) => row.tenantId),
    moduleIds: asked.map((row) => row.moduleId),
    nodeIds: asked.map((row) => row.nodeId),
    fromMs: asked.map((row) => row.fromMs),
    toMs: asked.map((row) => row.toMs),
  });
  return rows.flatMap(samplesOf);
}

/** The row to subtract. */
interface Before {
  readonly beforeAtMs: number;
  readonly beforeRequests: number;
  readonly beforeErrors: number;
  readonly beforeCpuMs: number;
  readonly beforeHistogram: SparseHistogram;
  readonly beforeAbandoned: SparseHistogram | null;
}

interface Row extends Omit<CounterSample, 'bucket'>, Omit<Before, 'beforeAtMs'> {
  readonly beforeAtMs: number | null;
  /** Only without one close by; null: the instance is new. */
  readonly older: Before | null;
}

function samplesOf(row: Row): CounterSample[] {
  const present: CounterSample = { ...row, bucket: 1 };
  const last = beforeOf(row);
  if (!last) return [present];
  const { request, nodeId, instance, releaseId, memoryBytesMin } = row;
  const before: CounterSample = {
    request,
    nodeId,
    instance,
    releaseId,
    bucket: 0,
    samples: 1,
    memoryBytesMin,
    atMs: last.beforeAtMs,
    requests: last.beforeRequests,
    errors: last.beforeErrors,
    cpuMs: last.beforeCpuMs,
    histogram: last.beforeHistogram,
    abandoned: last.beforeAbandoned,
  };
  return [before, present];
}

function beforeOf(row: Row): Before | null {
  const { beforeAtMs, older } = row;
  return beforeAtMs === null ? older : { ...row, beforeAtMs };
}

/**
 * Where the row to subtract almost always is: two reports back. A longer look costs more than all the
 * rest of a poll, so it is taken only for an instance that has none there.
 */
const CLOSE_MS = 12_000;
const NEAR_MS = 600_000;
/** Reports that leave an instance out by accident must not make it look new. */
const PRIOR_WINDOW_MS = 60_000;

const ofNode = `m.tenant_id = asked.tenant_id and m.node_id = asked.node_id
  and m.module_id = asked.module_id`;
const interval = (ms: number) => `interval '${ms} milliseconds'`;

// Of the node as a whole: in one partition if it can be, in all of them if it must.
const LAST_REPORT_SQL = `coalesce(
  (select max(m.at) from node_metrics m
   where ${ofNode} and m.at <= asked.from_at and m.at > asked.from_at - ${interval(NEAR_MS)}),
  (select max(m.at) from node_metrics m where ${ofNode} and m.at <= asked.from_at))`;

const read = statement<
  {
    readonly requests: readonly number[];
    readonly tenantIds: readonly string[];
    readonly moduleIds: readonly string[];
    readonly nodeIds: readonly string[];
    readonly fromMs: readonly number[];
    readonly toMs: readonly number[];
  },
  Row
>(
  'interval-samples.read',
  `
  select asked.request, asked.node_id as "nodeId", present.instance,
    present.release_id as "releaseId",
    (extract(epoch from present.at) * 1000)::float8 as "atMs",
    present.requests::float8 as requests, present.errors::float8 as errors,
    present.cpu_ms as "cpuMs", present.counters -> 'histogram' as histogram,
    present.counters -> 'abandoned' as abandoned,
    present.memory_bytes_min::float8 as "memoryBytesMin", present.samples::int as samples,
    (extract(epoch from close.at) * 1000)::float8 as "beforeAtMs",
    close.requests::float8 as "beforeRequests", close.errors::float8 as "beforeErrors",
    close.cpu_ms as "beforeCpuMs", close.counters -> 'histogram' as "beforeHistogram",
    close.counters -> 'abandoned' as "beforeAbandoned",
    case when close.at is null then (
      select jsonb_build_object('beforeAtMs', (extract(epoch from m.at) * 1000)::float8,
        'beforeRequests', m.requests, 'beforeErrors', m.errors, 'beforeCpuMs', m.cpu_ms,
        'beforeHistogram', m.counters -> 'histogram',
        'beforeAbandoned', m.counters -> 'abandoned')
      from node_metrics m
      where ${ofNode} and m.instance = present.instance and m.at <= asked.from_at
        and m.at > least(asked.from_at - ${interval(NEAR_MS)},
          ${LAST_REPORT_SQL} - ${interval(PRIOR_WINDOW_MS)})
      order by m.at desc limit 1) end as older
  from unnest(:requests::int[], :tenantIds::uuid[], :moduleIds::uuid[], :nodeIds::uuid[], :fromMs::float8[], :toMs::float8[])
    as given (request, tenant_id, module_id, node_id, from_ms, to_ms)
  cross join lateral (
    select given.*, to_timestamp(given.from_ms / 1000) as from_at,
      to_timestamp(given.to_ms / 1000) as to_at
  ) as asked
  cross join lateral (
    select distinct on (m.instance) m.instance, m.release_id, m.at, m.requests, m.errors, m.cpu_ms,
      m.counters, min(m.memory_bytes) over same as memory_bytes_min, count(*) over same as samples
    from node_metrics m
    where ${ofNode} and m.at > asked.from_at and m.at <= asked.to_at
    window same as (partition by m.instance)
    order by m.instance, m.at desc
  ) as present
  left join lateral (
    select m.at, m.requests, m.errors, m.cpu_ms, m.counters from node_metrics m
    where ${ofNode} and m.instance = present.instance
      and m.at <= asked.from_at and m.at > asked.from_at - ${interval(CLOSE_MS)}
    order by m.at desc limit 1
  ) as close on true`,
  { plannedOnce: true },
);
