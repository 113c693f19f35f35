/**
 * The table `approval_reminders`: written where an approval is told of, found by the worker as the system's
 * role, and taken in the transaction that reminds.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { ReminderKind, ReminderTime } from './reminder-times.js';

interface OfRequest {
  readonly deploymentId: string;
  readonly requestNumber: number;
}

const insert = statement<
  OfRequest & {
    readonly tenantId: string;
    readonly kinds: readonly string[];
    readonly dueAts: readonly Date[];
  }
>(
  'approval-reminders.insert',
  `insert into approval_reminders (tenant_id, deployment_id, request_number, kind, due_at)
   select :tenantId, :deploymentId, :requestNumber, kind, due_at
   from unnest(:kinds::text[], :dueAts::timestamptz[]) as reminder (kind, due_at)
   on conflict do nothing`,
);

export async function insertReminders(
  open: OpenContext,
  of: OfRequest,
  times: readonly ReminderTime[],
): Promise<void> {
  const kinds = times.map(({ kind }) => kind);
  const dueAts = times.map(({ dueAt }) => dueAt);
  await open.tx.execute(insert, { ...of, tenantId: open.tenantId, kinds, dueAts });
}

export interface DueReminder extends OfRequest {
  readonly tenantId: string;
  readonly kind: ReminderKind;
}

const findDue = statement<{ readonly most: number }, DueReminder>(
  'approval-reminders.find-due',
  `select tenant_id as "tenantId", deployment_id as "deploymentId",
     request_number as "requestNumber", kind
   from approval_reminders where done_at is null and due_at <= (select clock_timestamp())
   order by due_at limit :most`,
);

/** Of all tenants, the oldest first. Whoever finds one must still take it. */
export function dueReminders(tx: SystemTransaction, most: number): Promise<DueReminder[]> {
  return tx.query(findDue, { most });
}

const take = statement<DueReminder>(
  'approval-reminders.take',
  `update approval_reminders set done_at = clock_timestamp()
   where tenant_id = :tenantId and deployment_id = :deploymentId
     and request_number = :requestNumber and kind = :kind
     and done_at is null and due_at <= clock_timestamp()`,
);

/** In the transaction that reminds. False: somebody else has. */
export async function takeReminder(open: OpenContext, reminder: DueReminder): Promise<boolean> {
  return (await open.tx.execute(take, reminder)) > 0;
}

const purge = statement<{ readonly days: number; readonly rows: number }>(
  'approval-reminders.purge',
  `delete from approval_reminders where (tenant_id, deployment_id, request_number, kind) in (
     select tenant_id, deployment_id, request_number, kind from approval_reminders
     where done_at < clock_timestamp() - :days::int * interval '1 day' limit :rows)`,
);

export function purgeReminders(
  tx: SystemTransaction,
  limits: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(purge, limits);
}
