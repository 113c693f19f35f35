import { createHash } from 'node:crypto';
import type { OpenContext } from '../../platform/context.js';
import { databaseUnavailable } from '../../platform/database/database.errors.js';
import type { SystemTransaction, Transaction } from '../../platform/database/transaction.js';
import { shareLocks, takeLock } from './start-lock.queries.js';

/** PostgreSQL's lock_timeout has passed. */
const LOCK_NOT_AVAILABLE = '55P03';

const lockOf = (name: string) =>
  createHash('sha256').update(`starts\n${name}`).digest().readBigInt64BE();
const PLATFORM_LOCK = lockOf('platform');

/**
 * Whoever starts, or moves forward, before it reads what may be in the way: what it has read is true until its
 * transaction has ended. After all other locks of it. Throws `database-unavailable`.
 */
export function lockForStart(open: OpenContext): Promise<void> {
  const locks = { tenantLock: lockOf(open.tenantId), platformLock: PLATFORM_LOCK };
  return waited(() => shareLocks(open.tx, locks));
}

/**
 * Whoever changes what may be in the way: all that have read the old state are over then, and nobody reads
 * before this transaction has ended. It locks nothing else that one who starts may hold. Throws
 * `database-unavailable`.
 */
export function lockStarts(open: OpenContext): Promise<void> {
  return waited(() => takeLock(open.tx, lockOf(open.tenantId)));
}

/** Of all tenants. Throws `database-unavailable`. */
export function lockAllStarts(tx: SystemTransaction & Transaction): Promise<void> {
  return waited(() => takeLock(tx, PLATFORM_LOCK));
}

async function waited(take: () => Promise<void>): Promise<void> {
  try {
    await take();
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    // Nobody's failure: it must not be one of a step's attempts.
    throw databaseUnavailable('Too much of this tenant starts, or is stopped, right now.', error);
  }
}
