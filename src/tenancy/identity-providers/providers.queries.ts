/** Questions about providers before the tenant is known, and the groups that rules name. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { HeldRole } from '../permissions/bindings.js';
import type { SignInProvider } from './identity-provider.js';

const PROVIDERS = `select p.tenant_id as "tenantId", t.slug as "tenantSlug", p.id, p.name, p.issuer,
    p.client_id as "clientId", p.sealed_secret as "sealedSecret", p.scopes, p.claims, p.factor,
    p.admissions, p.rules, p.is_enabled as "isEnabled",
    p.is_required as "isRequired", p.emergency, p.version
  from identity_providers p join tenants t on t.id = p.tenant_id
  where p.is_enabled and t.status in ('active', 'suspended')`;

const findEnabled = statement<{ readonly id: string }, SignInProvider>(
  'identity-providers.find-enabled',
  `${PROVIDERS} and p.id = :id`,
);

/** Undefined: there is none, or nobody signs in there now. */
export function enabledProvider(
  tx: SystemTransaction,
  id: string,
): Promise<SignInProvider | undefined> {
  return tx.first(findEnabled, { id });
}

export interface ProviderChoice {
  readonly id: string;
  readonly name: string;
}

const choices = statement<
  {
    readonly tenant: string | null;
    readonly domain: string | null;
    readonly platformTenantId: string;
  },
  ProviderChoice
>(
  'identity-providers.choices',
  `select p.id, p.name from identity_providers p join tenants t on t.id = p.tenant_id
   where p.is_enabled and t.status in ('active', 'suspended') and (t.id = :platformTenantId or t.slug = :tenant
     or exists (select 1 from claimed_domains c
       join verified_domains v on v.tenant_id = c.tenant_id and v.claim_id = c.id
       where c.tenant_id = p.tenant_id and c.provider_id = p.id and v.domain = :domain))
   order by t.id = :platformTenantId, p.name`,
);

/** Where one can sign in: at the tenant's, at the one of the address's domain, at the platform's. */
export function providerChoices(
  tx: SystemTransaction,
  by: { readonly tenant: string | null; readonly domain: string | null },
  platformTenantId: string,
): Promise<ProviderChoice[]> {
  return tx.query(choices, { ...by, platformTenantId });
}

type Named = { readonly tenantId: string; readonly keys: readonly string[] };

export interface NamedGroup {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly roles: readonly HeldRole[];
}

const groupsNamed = statement<Named, NamedGroup>(
  'identity-providers.groups-named',
  `select g.id, g.name_key as key, g.name, coalesce((
     select jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
       'permissions', r.permissions, 'modules', b.modules, 'environments', b.environments,
       'group', g.name) order by b.id)
     from role_bindings b left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
     where b.tenant_id = g.tenant_id and b.subject_kind = 'group' and b.subject_id = g.id
   ), '[]') as roles
   from groups g where g.tenant_id = :tenantId and g.name_key = any(:keys) and g.source = 'manual'`,
);

/** With what they bring; those that a directory keeps are not for rules to give. */
export function groupsByKey(open: OpenContext, keys: readonly string[]): Promise<NamedGroup[]> {
  return open.tx.query(groupsNamed, { tenantId: open.tenantId, keys });
}
