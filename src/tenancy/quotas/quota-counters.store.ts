/**
 * The table `quota_counters`: how much of what is limited a tenant has used. Its rows are the last in
 * the order of locks, and several are locked in the order of their quotas: who holds one waits for
 * nothing that a holder of anything else waits for.
 */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { QuotaKey } from '../tiers/tier.js';

/** Under what a counter is good: in another month, or with other entitlements, it is counted anew. */
export type Terms = {
  readonly quota: QuotaKey;
  readonly period: string;
  readonly max: number;
  readonly entitlement: string;
};

type OfTenant = { readonly tenantId: string };

export interface Counter {
  readonly quota: QuotaKey;
  readonly period: string;
  readonly used: number;
  readonly max: number;
  readonly entitlement: string;
  readonly warned: number;
}

const COLUMNS = 'quota, period, used, max_use as max, entitlement, warned';

const add = statement<OfTenant & Terms & { readonly amount: number }, Counter>(
  'quota-counters.add',
  `update quota_counters set used = used + :amount::bigint
   where tenant_id = :tenantId and quota = :quota and period = :period
     and max_use = :max and entitlement = :entitlement and used + :amount::bigint <= max_use
   returning ${COLUMNS}`,
);

/** Undefined: there is not so much left, or nobody has counted it under these terms. */
export function addUse(open: OpenContext, terms: Terms, amount: number) {
  return open.tx.first(add, { ...terms, tenantId: open.tenantId, amount });
}

const subtract = statement<OfTenant & { readonly quota: string; readonly amount: number }>(
  'quota-counters.subtract',
  `update quota_counters set used = greatest(used - :amount::bigint, 0)
   where tenant_id = :tenantId and quota = :quota`,
);

export async function subtractUse(
  open: OpenContext,
  quota: QuotaKey,
  amount: number,
): Promise<void> {
  await open.tx.execute(subtract, { tenantId: open.tenantId, quota, amount });
}

const make = statement<OfTenant & Omit<Terms, 'entitlement'> & { readonly now: Date }>(
  'quota-counters.make',
  `insert into quota_counters (tenant_id, quota, period, used, max_use, entitlement, counted_at)
   values (:tenantId, :quota, :period, 0, :max, '', :now) on conflict do nothing`,
);

const lock = statement<OfTenant & { readonly quota: string }, Counter>(
  'quota-counters.lock',
  `select ${COLUMNS} from quota_counters
   where tenant_id = :tenantId and quota = :quota for update`,
);

/** Until the end of the transaction: who counts then has seen everybody before. Made if need be. */
export async function lockCounter(open: OpenContext, terms: Terms, now: Date): Promise<Counter> {
  const { tenantId } = open;
  const { quota, period, max } = terms;
  await open.tx.execute(make, { tenantId, quota, period, max, now });
  return (await open.tx.first(lock, { tenantId, quota }))!;
}

const lockAged = statement<OfTenant & { readonly before: Date }, Counter>(
  'quota-counters.lock-aged',
  `select ${COLUMNS} from quota_counters
   where tenant_id = :tenantId and counted_at < :before order by quota for update`,
);

/** All that were not counted since then. */
export function lockAgedCounters(open: OpenContext, before: Date): Promise<Counter[]> {
  return open.tx.query(lockAged, { tenantId: open.tenantId, before });
}

const put = statement<
  OfTenant & Terms & { readonly used: number; readonly warned: number; readonly now: Date }
>(
  'quota-counters.put',
  `update quota_counters set period = :period, used = :used, max_use = :max,
     entitlement = :entitlement, warned = :warned, counted_at = :now
   where tenant_id = :tenantId and quota = :quota`,
);

/** As it was counted just now. The caller has it locked. */
export async function putCounter(
  open: OpenContext,
  terms: Terms,
  counted: { readonly used: number; readonly warned: number; readonly now: Date },
): Promise<void> {
  await open.tx.execute(put, { ...terms, ...counted, tenantId: open.tenantId });
}

const noteWarned = statement<OfTenant & { readonly quota: string; readonly percent: number }>(
  'quota-counters.note-warned',
  `update quota_counters set warned = :percent where tenant_id = :tenantId and quota = :quota`,
);

export async function noteWarning(
  open: OpenContext,
  quota: QuotaKey,
  percent: number,
): Promise<void> {
  await open.tx.execute(noteWarned, { tenantId: open.tenantId, quota, percent });
}

const remove = statement<OfTenant & { readonly quota: string }>(
  'quota-counters.remove',
  'delete from quota_counters where tenant_id = :tenantId and quota = :quota',
);

/** It is limited no more. */
export async function removeCounter(open: OpenContext, quota: QuotaKey): Promise<void> {
  await open.tx.execute(remove, { tenantId: open.tenantId, quota });
}

const aged = statement<
  { readonly before: Date; readonly rows: number },
  { readonly tenantId: string }
>(
  'quota-counters.aged',
  `select tenant_id as "tenantId" from quota_counters where counted_at < :before
   group by tenant_id order by min(counted_at) limit :rows`,
);

/** Of whom some counter was not counted since then; whoever waits longest first. */
export async function tenantsToCount(
  tx: SystemTransaction,
  before: Date,
  rows: number,
): Promise<string[]> {
  return (await tx.query(aged, { before, rows })).map(({ tenantId }) => tenantId);
}
