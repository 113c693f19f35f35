/** What a time of measurement cost, process by process, and how late the gates were polled in it. */
import { setTimeout as delay } from 'node:timers/promises';
import { treeUsage, usageOf, type Usage } from './process-usage.js';
import type { Rig } from './rig.js';

export interface Cost {
  /** Cores, over the whole time. */
  readonly eachWorkerCores: readonly number[];
  readonly postgresCores: number;
  /** Of the largest worker, at the end. */
  readonly workerRssMiB: number;
  readonly transactionsPerSecond: number;
}

export async function costOf(rig: Rig, seconds: number): Promise<Cost> {
  const before = await snapshot(rig);
  await delay(seconds * 1000);
  const after = await snapshot(rig);
  const ms = after.at - before.at;
  const workers = after.workers.map(({ cpuMs }, at) => cpuMs - before.workers[at]!.cpuMs);
  return {
    eachWorkerCores: workers.map((each) => each / ms),
    postgresCores: (after.postgres.cpuMs - before.postgres.cpuMs) / ms,
    workerRssMiB: Math.max(...after.workers.map(({ rssMiB }) => rssMiB)),
    transactionsPerSecond: ((after.transactions - before.transactions) * 1000) / ms,
  };
}

interface Snapshot {
  readonly at: number;
  readonly workers: readonly Usage[];
  readonly postgres: Usage;
  readonly transactions: number;
}

async function snapshot(rig: Rig): Promise<Snapshot> {
  const [row] = await rig.sql<{ count: number }>(
    `select (xact_commit + xact_rollback)::float8 as count from pg_stat_database
     where datname = current_database()`,
  );
  const workers = await Promise.all(rig.workers.map(({ pid }) => usageOf(pid)));
  const postgres = await treeUsage(rig.postgresPid);
  return { at: performance.now(), workers, postgres, transactions: row!.count };
}

export interface Polls {
  readonly count: number;
  /** How much later than its time each poll came, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/**
 * From the stored samples: a gate is due once per interval, always on its own beat, so each poll is
 * as late as it lies behind the earliest of them.
 */
export async function pollDrift(rig: Rig, pollMs: number, seconds: number): Promise<Polls> {
  const [row] = await rig.sql<Polls>(
    `with polls as (
       select tenant_id, deployment_id, extract(epoch from at) * 1000 - $1::int * row_number() over (
         partition by tenant_id, deployment_id, step_id order by n) as beat
       from gate_samples where at > clock_timestamp() - $2::int * interval '1 second'),
     late as (
       select beat - min(beat) over (partition by tenant_id, deployment_id) as ms from polls)
     select count(*)::int as count,
       percentile_cont(0.5) within group (order by ms)::float8 as p50,
       percentile_cont(0.99) within group (order by ms)::float8 as p99, max(ms)::float8 as most
     from late`,
    [pollMs, seconds],
  );
  return row!;
}
