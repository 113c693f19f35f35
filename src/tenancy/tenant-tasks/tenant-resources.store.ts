/** The table `tenant_resources`. Written and read by the system's role only: there are secrets in it. */
import type { TenantServerKind } from '../../drivers/tenant-servers/tenant-server.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

type Key = { readonly tenantId: string; readonly kind: TenantServerKind };

export interface TenantResource {
  readonly name: string;
  readonly verifier: string;
  /** Null: it was shown, and is kept nowhere. */
  readonly sealed: string | null;
}

const insert = statement<
  Key & { readonly name: string; readonly verifier: string; readonly sealed: string }
>(
  'tenant-resources.insert',
  `insert into tenant_resources (tenant_id, kind, name, verifier, sealed)
   values (:tenantId, :kind, :name, :verifier, :sealed) on conflict do nothing`,
);

/** Does nothing when there is one. */
export async function insertResource(
  tx: SystemTransaction,
  { tenantId, kind }: Key,
  { name, verifier, sealed }: TenantResource & { readonly sealed: string },
): Promise<void> {
  await tx.execute(insert, { tenantId, kind, name, verifier, sealed });
}

const find = statement<Key, TenantResource>(
  'tenant-resources.find',
  `select name, verifier, sealed from tenant_resources
   where tenant_id = :tenantId and kind = :kind`,
);

export function resourceOf(tx: SystemTransaction, key: Key): Promise<TenantResource | undefined> {
  return tx.first(find, { tenantId: key.tenantId, kind: key.kind });
}

const take = statement<Key, { readonly sealed: string }>(
  'tenant-resources.take-secret',
  `with before as (select sealed from tenant_resources
     where tenant_id = :tenantId and kind = :kind and sealed is not null for update)
   update tenant_resources r set sealed = null, shown_at = clock_timestamp() from before
   where r.tenant_id = :tenantId and r.kind = :kind returning before.sealed`,
);

/** Once: whoever asks first gets it. */
export async function takeSecret(tx: SystemTransaction, key: Key): Promise<string | undefined> {
  return (await tx.first(take, { tenantId: key.tenantId, kind: key.kind }))?.sealed;
}

const rotate = statement<Key & { readonly verifier: string }, { readonly name: string }>(
  'tenant-resources.rotate',
  `update tenant_resources set verifier = :verifier, sealed = null, shown_at = clock_timestamp(),
     rotated_at = clock_timestamp()
   where tenant_id = :tenantId and kind = :kind returning name`,
);

export async function noteRotation(
  tx: SystemTransaction,
  { tenantId, kind }: Key,
  verifier: string,
): Promise<void> {
  await tx.execute(rotate, { tenantId, kind, verifier });
}

const remove = statement<Key>(
  'tenant-resources.delete',
  'delete from tenant_resources where tenant_id = :tenantId and kind = :kind',
);

export async function deleteResource(tx: SystemTransaction, key: Key): Promise<void> {
  await tx.execute(remove, { tenantId: key.tenantId, kind: key.kind });
}
