/**
 * How far a session reaches, by who has vouched for its person. Whoever runs a tenant's provider can sign in
 * as each of its people: in that tenant, where its Admin could do the same, and nowhere else. The account,
 * and what it is in other tenants, is more than that.
 */
import type { HeldRole } from '../permissions/bindings.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { SignInFacts } from './refresh-token.js';

type Vouched = Pick<SignInFacts, 'providerId' | 'providerTenantId'>;

/** Not so: what we have checked ourselves, and what the platform's own provider says. */
export function isVouchedByTenant({ providerId, providerTenantId }: Vouched): boolean {
  return providerId !== null && providerTenantId !== PLATFORM_TENANT.id;
}

/** PlatformAdmin counts in every tenant, so it is no tenant's to vouch for. */
export function rolesThatCount(signIn: Vouched, roles: readonly HeldRole[]): readonly HeldRole[] {
  return isVouchedByTenant(signIn) ? roles.filter(({ role }) => role !== 'PlatformAdmin') : roles;
}
