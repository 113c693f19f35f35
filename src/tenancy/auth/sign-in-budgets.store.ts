/** The table `login_throttles`: failed sign-ins, counted under digests of names and addresses. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { Count } from './sign-in-budgets.js';

/** Counts by key; a key that is not there has none. */
export type CountsByKey = ReadonlyMap<string, Count>;

interface CountRow {
  readonly key: string;
  readonly failures: number;
  readonly failed: Date;
  readonly spent: Date | null;
}

const COUNTS = `select key, failures, failed_at as failed, spent_until as spent
  from login_throttles where key = any(:keys) order by key`;

const read = statement<{ readonly keys: readonly string[] }, CountRow>(
  'sign-in-budgets.read',
  COUNTS,
);

export async function readCounts(
  tx: SystemTransaction,
  keys: readonly string[],
): Promise<CountsByKey> {
  return byKey(await tx.query(read, { keys }));
}

const begin = statement<{ readonly keys: readonly string[]; readonly at: Date }>(
  'sign-in-budgets.begin',
  `insert into login_throttles (key, failures, failed_at)
   select key, 0, :at from unnest(:keys::text[]) as new (key) on conflict do nothing`,
);

const lock = statement<{ readonly keys: readonly string[] }, CountRow>(
  'sign-in-budgets.lock',
  `${COUNTS} for update`,
);

/** Those of the keys, begun where there are none, and held until the transaction ends. */
export async function lockCounts(
  tx: SystemTransaction,
  keys: readonly string[],
  now: number,
): Promise<CountsByKey> {
  // In the order of their keys: two failures at once must not wait for each other.
  const ordered = [...keys].sort();
  await tx.execute(begin, { keys: ordered, at: new Date(now) });
  return byKey(await tx.query(lock, { keys: ordered }));
}

const write = statement<{
  readonly keys: readonly string[];
  readonly at: Date;
  readonly failures: readonly number[];
  readonly spent: readonly Date[];
}>(
  'sign-in-budgets.write',
  `update login_throttles set failures = counted.failures, failed_at = :at,
     spent_until = counted.spent
   from unnest(:keys::text[], :failures::int[], :spent::timestamptz[])
     as counted (key, failures, spent)
   where login_throttles.key = counted.key`,
);

/** Of keys that are locked. */
export async function writeCounts(
  tx: SystemTransaction,
  counts: CountsByKey,
  now: number,
): Promise<void> {
  const values = [...counts.values()];
  await tx.execute(write, {
    keys: [...counts.keys()],
    at: new Date(now),
    failures: values.map(({ failures }) => failures),
    spent: values.map(({ spentUntil }) => new Date(spentUntil)),
  });
}

const tell = statement<
  { readonly keys: readonly string[]; readonly at: Date; readonly before: Date },
  { readonly key: string }
>(
  'sign-in-budgets.tell',
  `update login_throttles set told_at = :at where key = any(:keys)
     and (told_at is null or told_at < :before) returning key`,
);

/** Notes that they are told of now; returns those that have not been told of since `before`. */
export async function tellOf(
  tx: SystemTransaction,
  keys: readonly string[],
  { now, before }: { readonly now: number; readonly before: number },
): Promise<ReadonlySet<string>> {
  const rows = await tx.query(tell, { keys, at: new Date(now), before: new Date(before) });
  return new Set(rows.map(({ key }) => key));
}

const forgive = statement<{ readonly keys: readonly string[] }>(
  'sign-in-budgets.forgive',
  'delete from login_throttles where key = any(:keys)',
);

export async function forgiveCounts(tx: SystemTransaction, keys: readonly string[]): Promise<void> {
  await tx.execute(forgive, { keys: [...keys].sort() });
}

const purge = statement<{ readonly before: Date; readonly rows: number }>(
  'sign-in-budgets.purge',
  `delete from login_throttles where key in (select key from login_throttles
     where failed_at < :before order by failed_at limit :rows for update skip locked)`,
);

/** Deletes old ones, `rows` at most. */
export async function purgeCounts(
  tx: SystemTransaction,
  { before, rows }: { readonly before: number; readonly rows: number },
): Promise<void> {
  await tx.execute(purge, { before: new Date(before), rows });
}

const evict = statement<{ readonly mostRows: number }>(
  'sign-in-budgets.evict',
  `delete from login_throttles where key in (
     select key from login_throttles order by failures, failed_at
     limit greatest(0, (select count(*) from login_throttles) - :mostRows)
     for update skip locked)`,
);

/** Deletes the smallest and oldest beyond `mostRows`; returns how many. */
export function evictCounts(tx: SystemTransaction, mostRows: number): Promise<number> {
  return tx.execute(evict, { mostRows });
}

function byKey(rows: readonly CountRow[]): CountsByKey {
  return new Map(
    rows.map(({ key, failures, failed, spent }) => [
      key,
      { failures, failedAt: failed.getTime(), spentUntil: spent?.getTime() ?? 0 },
    ]),
  );
}
