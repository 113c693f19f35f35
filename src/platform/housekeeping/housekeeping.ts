/**
 * What nobody waits for and must be done: partitions ahead of time, old ones dropped, rows that have
 * had their time removed in batches. Every worker tries; one at a time does it.
 */
import type { Database } from '../database/database.js';
import { limits } from '../../kernel/limits.js';
import type { Transaction } from '../database/transaction.js';

/** Rows per statement: a long delete would hold its locks, and hold up vacuum. */
const BATCH = 1_000;
/** Batches per turn and kind; what is left comes an hour later. */
const BATCHES = 200;
/** A used or expired credential is kept for a week, for whoever asks what happened. */
const CREDENTIAL_DAYS = 7;
/** Any constant that nobody else uses. */
const LOCK = 7_205_759_403;

export interface HousekeepingReport {
  readonly partitionsMade: number;
  readonly partitionsDropped: number;
  readonly keysPurged: number;
  readonly credentialsPurged: number;
}

/** Undefined: another process is at it. Throws what PostgreSQL throws. */
export async function keepHouse(database: Database): Promise<HousekeepingReport | undefined> {
  const partitions = await database.system(async (tx) => {
    const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
      LOCK,
    ]);
    if (!lock?.got) return undefined;
    const [row] = await tx.query<{ made: number; dropped: number }>(
      `select tidegate_ensure_partitions() as made, tidegate_drop_old_partitions() as dropped`,
    );
    return row;
  });
  if (!partitions) return undefined;
  return {
    partitionsMade: partitions.made,
    partitionsDropped: partitions.dropped,
    keysPurged: await purge(database, PURGE_KEYS_SQL, [limits.idempotencyDays, BATCH]),
    credentialsPurged: await purge(database, PURGE_CREDENTIALS_SQL, [CREDENTIAL_DAYS, BATCH]),
  };
}

export interface DefaultPartition {
  readonly table: string;
  readonly bytes: number;
}

/**
 * How large the DEFAULT partitions are. Rows in one mean that a partition was missing when they
 * came; their size can be asked without seeing a row of any tenant.
 */
export function readDefaultPartitions(database: Database): Promise<DefaultPartition[]> {
  return database.system((tx) =>
    tx.query<DefaultPartition>(
      `select p.relname as "table", pg_relation_size(c.oid) as bytes
       from pg_partitioned_table t join pg_class p on p.oid = t.partrelid
       join pg_class c on c.oid = t.partdefid order by p.relname`,
    ),
  );
}

async function purge(
  database: Database,
  sql: string,
  parameters: readonly unknown[],
): Promise<number> {
  let purged = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const count = await database.system((tx: Transaction) => tx.execute(sql, parameters));
    purged += count;
    if (count < BATCH) break;
  }
  return purged;
}

const PURGE_KEYS_SQL = `delete from idempotency_keys where ctid = any (array(
    select ctid from idempotency_keys
    where at < clock_timestamp() - $1::int * interval '1 day' limit $2))`;

/** A refresh token's row is its session: `used_at` only says when it was last renewed. */
const PURGE_CREDENTIALS_SQL = `delete from credentials where ctid = any (array(
    select ctid from credentials
    where least(expires_at, revoked_at, case when kind <> 'refresh' then used_at end)
      < clock_timestamp() - $1::int * interval '1 day' limit $2))`;
