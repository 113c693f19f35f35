/** The table `notices`: which people have been told of what. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

const insert = statement<{
  readonly tenantId: string;
  readonly eventKey: string;
  readonly userId: string;
}>(
  'notices.insert',
  `insert into notices (tenant_id, event_key, user_id) values (:tenantId, :eventKey, :userId)
   on conflict do nothing`,
);

/** False: they have been told of it already. */
export async function noteTold(
  open: OpenContext,
  eventKey: string,
  userId: string,
): Promise<boolean> {
  return (await open.tx.execute(insert, { tenantId: open.tenantId, eventKey, userId })) > 0;
}

const purge = statement<{ readonly days: number; readonly rows: number }>(
  'notices.purge',
  `delete from notices where (tenant_id, event_key, user_id) in (
     select tenant_id, event_key, user_id from notices
     where at < clock_timestamp() - :days::int * interval '1 day' limit :rows)`,
);

/** What the outbox does not deliver again any more; how many. */
export function purgeNotices(
  tx: SystemTransaction,
  limits: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(purge, limits);
}
