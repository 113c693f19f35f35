import type { Role } from '../../kernel/permission.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

/** What is written; null: nothing is, and the defaults of the installation count. */
export interface WrittenPolicy {
  readonly mfaRequiredRoles: readonly Role[] | null;
  /** Of the reserved tenant, whose word it is about PlatformAdmin. */
  readonly platformRoles: readonly Role[] | null;
  readonly allowedNetworks: readonly string[] | null;
}

const find = statement<
  { readonly tenantId: string; readonly platformTenantId: string },
  WrittenPolicy
>(
  'security-policies.find',
  `select s.mfa_required_roles as "mfaRequiredRoles", s.allowed_networks as "allowedNetworks",
     p.mfa_required_roles as "platformRoles"
   from (select 1) as one
   left join tenant_security s on s.tenant_id = :tenantId
   left join tenant_security p on p.tenant_id = :platformTenantId`,
);

export async function writtenPolicyOf(
  tx: SystemTransaction,
  tenantId: string,
): Promise<WrittenPolicy> {
  const row = await tx.first(find, { tenantId, platformTenantId: PLATFORM_TENANT.id });
  return row ?? { mfaRequiredRoles: null, platformRoles: null, allowedNetworks: null };
}
