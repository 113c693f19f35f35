import type { OpenContext } from '../../platform/context.js';
import { giveQuotaBack } from '../quotas/quotas.events.js';
import { accessKeyRevoked } from './access-keys.events.js';
import { type KeyOwner, revokeKeysOf } from './access-keys.store.js';

/**
 * For good, in the transaction in which their owner goes away: a person who is added again begins
 * without keys. Answers the hashes of those that ended, for whoever remembers keys.
 */
export async function endKeysOf(open: OpenContext, owner: KeyOwner): Promise<string[]> {
  const revoked = await revokeKeysOf(open, owner);
  for (const { id, name, prefix } of revoked) {
    await open.record(accessKeyRevoked(id, { name, prefix }));
  }
  await giveQuotaBack(open, 'keys', revoked.filter(({ wasGood }) => wasGood).length);
  return revoked.map(({ hash }) => hash);
}
