import { tenantRequired } from '../tenancy.errors.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

export interface TenantChoice {
  readonly id: string;
  readonly slug: string;
}

/**
 * The tenant a login is for: the one that was named, else the only one. Call it after the password
 * was right, never before: the answer tells where somebody is a member. Null: not a member there.
 */
export function chooseTenant<T extends TenantChoice>(
  memberships: readonly T[],
  named: string | undefined,
): T | null {
  if (named !== undefined) return memberships.find(({ slug }) => slug === named) ?? null;
  // The reserved tenant is asked for by name, unless there is nothing else.
  const ordinary = memberships.filter(({ id }) => id !== PLATFORM_TENANT.id);
  const candidates = ordinary.length > 0 ? ordinary : memberships;
  if (candidates.length <= 1) return candidates[0] ?? null;
  const tenants = candidates.map(({ slug }) => slug).sort();
  throw tenantRequired(tenants);
}
