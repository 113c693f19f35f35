/** The lock between whoever starts something and whoever says that nothing may start. Advisory. */
import type { Transaction } from '../../platform/database/transaction.js';
import { statement } from '../../platform/database/statement.js';

const SHARE = statement<
  { readonly tenantLock: bigint; readonly platformLock: bigint },
  { readonly locked: string }
>(
  'start-lock.share',
  `select pg_advisory_xact_lock_shared(:tenantLock)::text
     || pg_advisory_xact_lock_shared(:platformLock)::text as locked`,
);

export async function shareLocks(
  tx: Transaction,
  locks: { readonly tenantLock: bigint; readonly platformLock: bigint },
): Promise<void> {
  await tx.query(SHARE, locks);
}

const TAKE = statement<{ readonly lock: bigint }, { readonly locked: string }>(
  'start-lock.take',
  'select pg_advisory_xact_lock(:lock)::text as locked',
);

export async function takeLock(tx: Transaction, lock: bigint): Promise<void> {
  await tx.query(TAKE, { lock });
}
