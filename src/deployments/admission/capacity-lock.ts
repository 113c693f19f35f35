import type { OpenContext } from '../../platform/context.js';
import { databaseUnavailable } from '../../platform/database/database.errors.js';
import { takeCapacityLock } from './capacity.queries.js';

/** PostgreSQL's lock_timeout has passed. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Whoever begins or ends a rollout of this tenant does so one after the other: of two that begin at
 * the same moment the second one counts the first. Taken before the slot, so that one who holds it
 * never waits for one who waits for it. Until the end of the transaction.
 * Throws `database-unavailable`.
 */
export async function lockCapacity(open: OpenContext): Promise<void> {
  try {
    await takeCapacityLock(open);
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    // Not the rollout's failure: it must not be one of its step's attempts.
    throw databaseUnavailable('Too many rollouts of this tenant begin or end right now.', error);
  }
}
