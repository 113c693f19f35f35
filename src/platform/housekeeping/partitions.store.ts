/** The partitions of all tables that have some; what they are called is the database's business. */
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';

const tryLock = statement<{ readonly lock: number }, { readonly isMine: boolean }>(
  'partitions.try-lock',
  'select pg_try_advisory_xact_lock(:lock) as "isMine"',
);

interface Turned {
  readonly made: number;
  readonly dropped: number;
}

const turn = statement<Record<never, never>, Turned>(
  'partitions.turn',
  'select tidegate_ensure_partitions() as made, tidegate_drop_old_partitions() as dropped',
);

/** Makes those to come and drops the old. Undefined: another process holds the lock and is at it. */
export async function turnPartitions(
  tx: SystemTransaction,
  lock: number,
): Promise<Turned | undefined> {
  const locked = await tx.first(tryLock, { lock });
  return locked?.isMine ? tx.first(turn) : undefined;
}

export interface DefaultPartition {
  readonly table: string;
  readonly bytes: number;
}

const defaultSizes = statement<Record<never, never>, DefaultPartition>(
  'partitions.default-sizes',
  `select p.relname as "table", pg_relation_size(c.oid) as bytes
   from pg_partitioned_table t join pg_class p on p.oid = t.partrelid
   join pg_class c on c.oid = t.partdefid order by p.relname`,
);

export function sizesOfDefaultPartitions(tx: SystemTransaction): Promise<DefaultPartition[]> {
  return tx.query(defaultSizes);
}
