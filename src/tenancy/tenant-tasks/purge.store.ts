/** The end of a tenant: its rows in all tables, and what is left of it in `tenants`. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

const cutOff = statement<{ readonly tenantId: string }>(
  'purge.cut-off',
  'select tidegate_cut_off_tenant(:tenantId)',
);

export async function cutOffTenant(tx: SystemTransaction, tenantId: string): Promise<void> {
  await tx.execute(cutOff, { tenantId });
}

const purge = statement<
  { readonly tenantId: string; readonly rows: number },
  { readonly gone: number }
>('purge.rows', 'select tidegate_purge_tenant(:tenantId, :rows) as gone');

/** How many are gone; fewer than `rows`: none is left. */
export async function purgeRows(
  tx: SystemTransaction,
  tenantId: string,
  rows: number,
): Promise<number> {
  return (await tx.first(purge, { tenantId, rows }))!.gone;
}

const dropTasks = statement<{ readonly tenantId: string }>(
  'purge.drop-tasks',
  'delete from tenant_tasks where tenant_id = :tenantId',
);

const bury = statement<{ readonly tenantId: string }>(
  'purge.bury',
  `update tenants set status = 'deleted', purged_at = clock_timestamp(), name = slug,
     quota_overrides = '{}', suspended_at = null, suspended_reason = null, creation_key = null,
     creation_digest = null, version = version + 1
   where id = :tenantId and status = 'deleting' and purge_began_at is not null`,
);

/** The slug stays, so that nobody ever gets it, and the times; its own task goes last of all. */
export async function buryTenant(tx: SystemTransaction, tenantId: string): Promise<void> {
  await tx.execute(dropTasks, { tenantId });
  await tx.execute(bury, { tenantId });
}
