import { createHash } from 'node:crypto';
import type { Context } from '../../platform/context.js';

/**
 * Whoever begins or ends a rollout of this tenant does so one after the other: of two that begin at
 * the same moment the second one counts the first. Taken before the slot, so that one who holds it
 * never waits for one who waits for it. Until the end of the transaction.
 */
export async function lockCapacity({ tx, tenantId }: Context): Promise<void> {
  const lock = createHash('sha256').update(`capacity\n${tenantId}`).digest().readBigInt64BE();
  await tx.query('select pg_advisory_xact_lock($1)', [lock.toString()]);
}
