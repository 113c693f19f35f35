import { statement, type NoParameters } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

const OLDEST = statement<NoParameters, { readonly seconds: number }>(
  'approval-requests.oldest-pending',
  `select coalesce(extract(epoch from clock_timestamp() - min(asked_at)), 0)::float8 as seconds
   from approval_requests where status = 'open'`,
);

/** In seconds; 0: none is pending. */
export async function oldestPending(tx: SystemTransaction): Promise<number> {
  return (await tx.first(OLDEST))!.seconds;
}
