/** The table `audit_archives`: files that have been read back and verified, and nothing else. */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { ArchiveRow } from './archives.views.js';

export type NewArchive = Omit<ArchiveRow, 'personalVersion'> & { readonly tenantId: string };

const keep = statement<NewArchive>(
  'audit-archives.keep',
  `insert into audit_archives (tenant_id, month, from_sequence, size, entries, first_at, last_at, digest,
     bytes, personal_digest, personal_bytes)
   select :tenantId, to_date(:month, 'YYYY-MM'), :fromSequence, :size, :entries, :firstAt, :lastAt, :digest,
     :bytes, :personalDigest, :personalBytes
   from tenants where id = :tenantId and purge_began_at is null
   on conflict do nothing`,
);

/** False: it is there already, or the tenant is being purged. */
export async function keepArchive(tx: SystemTransaction, archive: NewArchive): Promise<boolean> {
  return (await tx.execute(keep, archive)) === 1;
}

const purging = statement<{ readonly tenantId: string }, { readonly isPurged: boolean }>(
  'audit-archives.purging',
  `select purge_began_at is not null as "isPurged" from tenants where id = :tenantId`,
);

/** Whose log goes away anyway. */
export async function isBeingPurged(tx: SystemTransaction, tenantId: string): Promise<boolean> {
  return (await tx.first(purging, { tenantId }))?.isPurged ?? true;
}

const logs = statement<
  { readonly after: string; readonly take: number },
  { readonly tenantId: string }
>(
  'audit-trees.tenants',
  `select tenant_id as "tenantId" from audit_trees where tenant_id > :after order by tenant_id limit :take`,
);

/** Tenants that have a log, in the order of their ids. */
export async function tenantsWithLogs(
  tx: SystemTransaction,
  after: string,
  take: number,
): Promise<string[]> {
  return (await tx.query(logs, { after, take })).map(({ tenantId }) => tenantId);
}
