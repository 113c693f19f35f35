/** Where a tenant wants its people to sign in. Pure: for the guard, at each request. */
import type { SignInFacts } from '../auth/refresh-token.js';
import type { HeldRole } from '../permissions/bindings.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { accountKey } from '../users/account-name.js';

/** A provider that is enabled, as far as the guard asks about it. */
export interface ProviderFacts {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly isRequired: boolean;
  /** Who may come in without it. */
  readonly emergency: { readonly usernames: readonly string[]; readonly roles: readonly string[] };
  /** Whether its sign-ins can count as a second factor at all. */
  readonly countsAsFactor: boolean;
}

interface Who {
  readonly username: string;
  readonly roles: readonly Pick<HeldRole, 'role'>[];
  readonly signIn: Pick<SignInFacts, 'providerId'>;
}

/**
 * Those at which somebody must sign in first; one of them will do. None: they have, or nobody demands it of
 * them. Of a PlatformAdmin the reserved tenant's word counts everywhere, as the role does.
 */
export function providersDemandedOf(
  providers: readonly ProviderFacts[],
  tenantId: string,
  who: Who,
): readonly ProviderFacts[] {
  const isOfPlatform = who.roles.some(({ role }) => role === 'PlatformAdmin');
  for (const demanding of isOfPlatform ? [tenantId, PLATFORM_TENANT.id] : [tenantId]) {
    const required = providers.filter((one) => one.isRequired && one.tenantId === demanding);
    if (required.length === 0 || required.some(({ id }) => id === who.signIn.providerId)) continue;
    if (!required.some((one) => isExempt(one, who))) return required;
  }
  return [];
}

function isExempt({ emergency }: ProviderFacts, { username, roles }: Who): boolean {
  const names = (list: readonly string[]) => new Set(list.map(accountKey));
  const exempt = names(emergency.roles);
  return (
    names(emergency.usernames).has(accountKey(username)) ||
    roles.some(({ role }) => exempt.has(accountKey(role)))
  );
}
