/** The table `usage_days`: what tenants have asked, by day, module and environment. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { UsageSum } from './usage-tally.js';

const add = statement<{ readonly sums: string }>(
  'usage-days.add',
  `insert into usage_days (tenant_id, day, module, environment, requests, failures, sent_bytes, busy_ms)
   select tenant.id, sum.day, sum.module, sum.environment, sum.requests, sum.failures,
     sum."sentBytes", sum."busyMs"
   from jsonb_to_recordset(:sums::jsonb) as sum ("tenantId" uuid, day date, module text,
     environment text, requests bigint, failures bigint, "sentBytes" bigint, "busyMs" bigint)
   join tenants tenant on tenant.id = sum."tenantId"
   order by 1, 2, 3, 4
   on conflict (tenant_id, day, module, environment) do update set
     requests = usage_days.requests + excluded.requests,
     failures = usage_days.failures + excluded.failures,
     sent_bytes = usage_days.sent_bytes + excluded.sent_bytes,
     busy_ms = usage_days.busy_ms + excluded.busy_ms`,
);

/** Rows are written in the order of their keys by every process, so that none waits for another in a ring. */
export async function addUsage(tx: SystemTransaction, sums: readonly UsageSum[]): Promise<void> {
  const whole = sums.map((sum) => ({ ...sum, busyMs: Math.round(sum.busyMs) }));
  await tx.execute(add, { sums: JSON.stringify(whole) });
}

const purge = statement<{ readonly before: string; readonly rows: number }>(
  'usage-days.purge',
  `delete from usage_days where ctid in (
     select ctid from usage_days where day < to_date(:before, 'YYYY-MM-DD') limit :rows)`,
);

/** Answers how many there were. */
export function purgeUsage(tx: SystemTransaction, before: string, rows: number): Promise<number> {
  return tx.execute(purge, { before, rows });
}
