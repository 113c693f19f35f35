/** The table `audit_pending`: entries that stand in no tree yet. Whoever seals them takes them from here. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';
import { auditColumns, type AuditRow } from './audit-row.js';

const tenants = statement<{ readonly take: number }, { readonly tenantId: string }>(
  'audit-pending.tenants',
  `with recursive waiting as (
     (select tenant_id from audit_pending order by tenant_id limit 1)
     union all
     select (select p.tenant_id from audit_pending p where p.tenant_id > w.tenant_id
       order by p.tenant_id limit 1)
     from waiting w where w.tenant_id is not null)
   select tenant_id as "tenantId" from waiting where tenant_id is not null limit :take`,
);

/** Who has something to be sealed: one step of an index for each, however much it is. */
export async function tenantsWaiting(tx: SystemTransaction, take: number): Promise<string[]> {
  return (await tx.query(tenants, { take })).map(({ tenantId }) => tenantId);
}

const unhashed = statement<{ readonly take: number }, { readonly tenantId: string }>(
  'audit-pending.unhashed-tenants',
  `select distinct tenant_id as "tenantId" from audit_pending where leaf_hash is null limit :take`,
);

/** Who has entries of format 1, whose hashes nobody has found out yet. */
export async function tenantsUnhashed(tx: SystemTransaction, take: number): Promise<string[]> {
  return (await tx.query(unhashed, { take })).map(({ tenantId }) => tenantId);
}

const entriesUnhashed = statement<{ readonly tenantId: string; readonly take: number }, AuditRow>(
  'audit-pending.unhashed-entries',
  `select ${auditColumns('e')} from audit_pending p
   join audit_entries e on e.tenant_id = p.tenant_id and e.at = p.at and e.id = p.entry_id
   where p.tenant_id = :tenantId and p.leaf_hash is null
   order by p.entry_id limit :take for update of p`,
);

export function unhashedEntries(open: OpenContext, take: number): Promise<AuditRow[]> {
  return open.tx.query(entriesUnhashed, { tenantId: open.tenantId, take });
}

type Hashes = {
  readonly tenantId: string;
  readonly entryIds: readonly string[];
  /** In hex. */
  readonly hashes: readonly string[];
};

const hash = statement<Hashes>(
  'audit-pending.hash',
  `update audit_pending p set leaf_hash = decode(h.hash, 'hex')
   from unnest(:entryIds::uuid[], :hashes::text[]) as h (entry_id, hash)
   where p.tenant_id = :tenantId and p.entry_id = h.entry_id`,
);

export async function keepHashes(
  open: OpenContext,
  given: Omit<Hashes, 'tenantId'>,
): Promise<void> {
  await open.tx.execute(hash, { tenantId: open.tenantId, ...given });
}

export interface PendingLeaf {
  readonly tenantId: string;
  readonly entryId: string;
  readonly at: Date;
  readonly leafHash: Buffer;
}

const pending = statement<
  { readonly tenantIds: readonly string[]; readonly each: number },
  PendingLeaf
>(
  'audit-pending.leaves',
  `select p.tenant_id as "tenantId", p.entry_id as "entryId", p.at, p.leaf_hash as "leafHash"
   from unnest(:tenantIds::uuid[]) as t (id) cross join lateral (
     select * from audit_pending own where own.tenant_id = t.id and own.leaf_hash is not null
     order by own.entry_id limit :each) p
   order by p.tenant_id, p.entry_id`,
);

/** The oldest of each. Nobody but who holds their trees may take them away. */
export function pendingLeaves(
  tx: SystemTransaction,
  tenantIds: readonly string[],
  each: number,
): Promise<PendingLeaf[]> {
  return tx.query(pending, { tenantIds, each });
}

const forget = statement<{
  readonly tenantIds: readonly string[];
  readonly entryIds: readonly string[];
}>(
  'audit-pending.forget',
  `delete from audit_pending p using unnest(:tenantIds::uuid[], :entryIds::uuid[]) as s (tenant_id, id)
   where p.tenant_id = s.tenant_id and p.entry_id = s.id`,
);

/** How many there were: fewer than are named means that somebody else has sealed them. */
export function forgetPending(
  tx: SystemTransaction,
  leaves: readonly PendingLeaf[],
): Promise<number> {
  return tx.execute(forget, {
    tenantIds: leaves.map(({ tenantId }) => tenantId),
    entryIds: leaves.map(({ entryId }) => entryId),
  });
}
