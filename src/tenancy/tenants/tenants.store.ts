/**
 * The table `tenants`, as far as it is no entity's business: look-ups before a tenant is known, and what
 * its last days write, by the system's role.
 */
import { newId } from '../../kernel/ids.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { TenantStatus } from './tenant.js';

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
}

type NewTenant = { readonly id: string; readonly slug: string; readonly name: string };

const insert = statement<NewTenant, Tenant>(
  'tenants.insert',
  `insert into tenants (id, slug, name) values (:id, :slug, :name)
   on conflict (slug) do nothing returning id, slug, name, status`,
);

/** Undefined: the slug is taken. */
export function insertTenant(
  tx: SystemTransaction,
  { id = newId(), slug, name }: Omit<NewTenant, 'id'> & { readonly id?: string },
): Promise<Tenant | undefined> {
  return tx.first(insert, { id, slug, name });
}

const findBySlug = statement<{ readonly slug: string }, Tenant>(
  'tenants.find-by-slug',
  'select id, slug, name, status from tenants where slug = :slug',
);

/** A deleted one as well: slugs are never used twice. */
export function tenantBySlug(tx: SystemTransaction, slug: string): Promise<Tenant | undefined> {
  return tx.first(findBySlug, { slug });
}

const lockSeeding = statement<{ readonly lock: number }>(
  'tenants.lock-seeding',
  'select pg_advisory_xact_lock(:lock)',
);

/** Any number; what matters is that every process takes the same lock. */
const SEED_LOCK = 7_321_001;

/** Waits until no other process seeds; held until the transaction ends. */
export async function lockTenantSeeding(tx: SystemTransaction): Promise<void> {
  await tx.execute(lockSeeding, { lock: SEED_LOCK });
}

const countOfTier = statement<{ readonly tier: string }, { readonly count: number }>(
  'tenants.count-of-tier',
  'select count(*)::int as count from tenants where tier = :tier',
);

export async function countTenantsOfTier(tx: SystemTransaction, tier: string): Promise<number> {
  return (await tx.first(countOfTier, { tier }))?.count ?? 0;
}

const findByCreationKey = statement<
  { readonly creationKey: string },
  { readonly id: string; readonly creationDigest: string }
>(
  'tenants.find-by-creation-key',
  `select id, creation_digest as "creationDigest" from tenants where creation_key = :creationKey`,
);

/** The one that was made with this Idempotency-Key before. */
export function tenantByCreationKey(
  tx: SystemTransaction,
  creationKey: string,
): Promise<{ readonly id: string; readonly creationDigest: string } | undefined> {
  return tx.first(findByCreationKey, { creationKey });
}
