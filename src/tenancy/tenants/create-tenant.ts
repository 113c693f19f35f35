import { dnsLabel } from '../../kernel/text.js';
import { Context } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import { tenantSlugInvalid, tenantSlugTaken } from '../tenancy.errors.js';
import { PLATFORM_TENANT } from './platform-tenant.js';
import type { TenantSeeders } from './tenant-seeder.js';
import { insertTenant, type Tenant } from './tenants.store.js';

/**
 * Makes a tenant and lets every module seed it. The row commits first, as the system's role; the
 * seeders then work inside the tenant. They are repeatable, so an interruption between the two is
 * mended by `seeders.seed()` again.
 */
export async function createTenant(
  db: Database,
  seeders: TenantSeeders,
  input: { readonly slug: string; readonly name: string },
): Promise<Tenant> {
  const { slug, name } = input;
  if (!dnsLabel.safeParse(slug).success || slug === PLATFORM_TENANT.slug) {
    throw tenantSlugInvalid(slug, PLATFORM_TENANT.slug);
  }
  const tenant = await db.system((tx) => insertTenant(tx, { slug, name }));
  if (!tenant) {
    throw tenantSlugTaken(slug);
  }
  await seeders.seed(Context.system(tenant.id, 'seed'));
  return tenant;
}
