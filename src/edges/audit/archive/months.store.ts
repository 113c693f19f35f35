/** The table `audit_months`, and the partitions that it speaks of: months of entries, of all tenants. */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

const held = statement<Record<never, never>, { readonly month: string }>(
  'audit-months.held',
  `select to_char(to_date(right(c.relname, 11), 'YYYYMMDD'), 'YYYY-MM') as month
   from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'audit_entries'::regclass and c.relname ~ '_\\d{6}01_00$' order by 1`,
);

/** Months whose entries are in the database, the oldest first. */
export async function heldMonths(tx: SystemTransaction): Promise<string[]> {
  return (await tx.query(held)).map(({ month }) => month);
}

type Lease = { readonly month: string; readonly token: string; readonly leaseMs: number };

const claim = statement<Lease>(
  'audit-months.claim',
  `insert into audit_months as m (month, lease_token, lease_until)
   values (to_date(:month, 'YYYY-MM'), :token, (select clock_timestamp()) + :leaseMs * interval '1 ms')
   on conflict (month) do update set lease_token = excluded.lease_token, lease_until = excluded.lease_until
   where m.lease_until < (select clock_timestamp()) and m.next_try_at <= (select clock_timestamp())
     and m.dropped_at is null`,
);

/** False: another process is at it, or it is to be tried later. */
export async function claimMonth(tx: SystemTransaction, lease: Lease): Promise<boolean> {
  return (await tx.execute(claim, lease)) === 1;
}

const renew = statement<Lease>(
  'audit-months.renew',
  `update audit_months set lease_until = (select clock_timestamp()) + :leaseMs * interval '1 ms'
   where month = to_date(:month, 'YYYY-MM') and lease_token = :token`,
);

/** False: it took too long, and another process is at it now. */
export async function renewMonth(tx: SystemTransaction, lease: Lease): Promise<boolean> {
  return (await tx.execute(renew, lease)) === 1;
}

type Named = { readonly month: string; readonly token: string };

const fail = statement<Named & { readonly reason: string; readonly delayMs: number }>(
  'audit-months.fail',
  `update audit_months set failures = failures + 1, reason = :reason, lease_until = '-infinity',
     next_try_at = (select clock_timestamp()) + :delayMs * interval '1 ms'
   where month = to_date(:month, 'YYYY-MM') and lease_token = :token`,
);

export async function failMonth(
  tx: SystemTransaction,
  failed: Named & { readonly reason: string; readonly delayMs: number },
): Promise<void> {
  await tx.execute(fail, failed);
}

const release = statement<Named>(
  'audit-months.release',
  `update audit_months set lease_until = '-infinity'
   where month = to_date(:month, 'YYYY-MM') and lease_token = :token`,
);

/** For whoever comes next. */
export async function releaseMonth(tx: SystemTransaction, named: Named): Promise<void> {
  await tx.execute(release, named);
}

const drop = statement<{ readonly month: string }>(
  'audit-months.drop',
  `select tidegate_drop_audit_month(to_date(:month, 'YYYY-MM'))`,
);

const dropped = statement<Named>(
  'audit-months.dropped',
  `update audit_months set dropped_at = (select clock_timestamp()), reason = null
   where month = to_date(:month, 'YYYY-MM') and lease_token = :token`,
);

/** Throws while an entry of it is not archived: the database itself counts. False: no longer ours. */
export async function dropMonth(tx: SystemTransaction, named: Named): Promise<boolean> {
  await tx.execute(drop, { month: named.month });
  return (await tx.execute(dropped, named)) === 1;
}
