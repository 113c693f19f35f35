import type { Role } from '../../kernel/permission.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { ProviderFacts } from './provider-demand.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

/** What is written; null: nothing is, and the defaults of the installation count. */
export interface WrittenPolicy {
  readonly mfaRequiredRoles: readonly Role[] | null;
  /** Of the reserved tenant, whose word it is about PlatformAdmin. */
  readonly platformRoles: readonly Role[] | null;
  readonly allowedNetworks: readonly string[] | null;
  /** Of the tenant and of the reserved one; those that are enabled. */
  readonly providers: readonly ProviderFacts[];
}

const find = statement<
  { readonly tenantId: string; readonly platformTenantId: string },
  WrittenPolicy
>(
  'security-policies.find',
  `select s.mfa_required_roles as "mfaRequiredRoles", s.allowed_networks as "allowedNetworks",
     p.mfa_required_roles as "platformRoles",
     coalesce((select jsonb_agg(jsonb_build_object('tenantId', i.tenant_id, 'id', i.id,
         'name', i.name, 'isRequired', i.is_required, 'emergency', i.emergency,
         'countsAsFactor', i.factor ->> 'counts' <> 'never') order by i.id)
       from identity_providers i
       where i.tenant_id in (:tenantId, :platformTenantId) and i.is_enabled), '[]') as providers
   from (select 1) as one
   left join tenant_security s on s.tenant_id = :tenantId
   left join tenant_security p on p.tenant_id = :platformTenantId`,
);

export async function writtenPolicyOf(
  tx: SystemTransaction,
  tenantId: string,
): Promise<WrittenPolicy> {
  const row = await tx.first(find, { tenantId, platformTenantId: PLATFORM_TENANT.id });
  return row!;
}
