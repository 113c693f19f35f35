import { statement } from '../../../platform/database/statement.js';
import type { Transaction } from '../../../platform/database/transaction.js';
import type { SparseHistogram } from '../../../kernel/histogram.js';

/**
 * Reads the last stored counters per (node, instance, bucket), for any number of requests in one
 * statement. Bucket 0 is what came before the interval: the rows to subtract.
 *
 * The rows before are looked for only near the node's last report before the interval. Each report
 * carries every instance that runs, so an instance without a row there started later and counts
 * from zero; and a node that was silent for an hour is still subtracted from where it stopped.
 */
export interface SampleRequest {
  readonly tenantId: string;
  readonly moduleId: string;
  readonly nodeIds: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
}

export interface CounterSample {
  /** Index of the request. */
  readonly request: number;
  readonly nodeId: string;
  readonly instance: string;
  readonly releaseId: string;
  /** 0: before the interval; 1…n: its buckets. */
  readonly bucket: number;
  readonly atMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly cpuMs: number;
  readonly memoryBytesMin: number;
  readonly samples: number;
  readonly histogram: SparseHistogram;
  /** Null: the agent has reported none. */
  readonly abandoned: SparseHistogram | null;
}

/** Reports that leave an instance out by accident must not make it look new. */
const PRIOR_WINDOW_MS = 60_000;
/** Where the last report before the interval almost always is: one partition instead of all. */
const NEAR_MS = 600_000;

const read = statement<
  {
    readonly requests: readonly number[];
    readonly tenantIds: readonly string[];
    readonly moduleIds: readonly string[];
    readonly nodeIds: readonly string[];
    readonly fromMs: readonly number[];
    readonly toMs: readonly number[];
    readonly bucketMs: readonly number[];
  },
  CounterSample
>(
  'counter-samples.read',
  `
  select asked.request, asked.node_id as "nodeId", found.*
  from unnest(:requests::int[], :tenantIds::uuid[], :moduleIds::uuid[], :nodeIds::uuid[], :fromMs::float8[], :toMs::float8[], :bucketMs::float8[])
    as given (request, tenant_id, module_id, node_id, from_ms, to_ms, bucket_ms)
  cross join lateral (
    select given.*, to_timestamp(given.from_ms / 1000) as from_at, to_timestamp(given.to_ms / 1000) as to_at
  ) as asked
  cross join lateral (
    select coalesce(
      (select max(m.at) from node_metrics m
       where m.tenant_id = asked.tenant_id and m.node_id = asked.node_id
         and m.module_id = asked.module_id and m.at <= asked.from_at
         and m.at > asked.from_at - interval '${NEAR_MS} milliseconds'),
      (select max(m.at) from node_metrics m
       where m.tenant_id = asked.tenant_id and m.node_id = asked.node_id
         and m.module_id = asked.module_id and m.at <= asked.from_at)) as at
  ) as prior
  cross join lateral (
    select distinct on (row.instance, row.bucket)
      row.instance, row.release_id as "releaseId", row.bucket,
      (extract(epoch from row.at) * 1000)::float8 as "atMs",
      row.requests::float8 as requests, row.errors::float8 as errors, row.cpu_ms as "cpuMs",
      (min(row.memory_bytes) over same)::float8 as "memoryBytesMin",
      (count(*) over same)::int as samples,
      row.counters -> 'histogram' as histogram, row.counters -> 'abandoned' as abandoned
    from (
      select m.*, greatest(0, ceil(
        extract(epoch from m.at - asked.from_at) * 1000 / asked.bucket_ms::numeric))::int as bucket
      from node_metrics m
      where m.tenant_id = asked.tenant_id and m.node_id = asked.node_id
        and m.module_id = asked.module_id and m.at <= asked.to_at
        and m.at > coalesce(prior.at - ${PRIOR_WINDOW_MS} * interval '1 millisecond', asked.from_at)
    ) as row
    window same as (partition by row.instance, row.bucket)
    order by row.instance, row.bucket, row.at desc
  ) as found
  order by asked.request, asked.node_id, found.bucket, found.instance`,
  { plannedOnce: true },
);

export async function readCounterSamples(
  tx: Transaction,
  requests: readonly SampleRequest[],
): Promise<CounterSample[]> {
  const rows = requests.flatMap((request, index) =>
    [...new Set(request.nodeIds)].map((nodeId) => ({ ...request, index, nodeId })),
  );
  if (rows.length === 0) return [];
  return tx.query(read, {
    requests: rows.map((row) => row.index),
    tenantIds: rows.map((row) => row.tenantId),
    moduleIds: rows.map((row) => row.moduleId),
    nodeIds: rows.map((row) => row.nodeId),
    fromMs: rows.map((row) => row.fromMs),
    toMs: rows.map((row) => row.toMs),
    bucketMs: rows.map((row) => row.bucketMs),
  });
}
