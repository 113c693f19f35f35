import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { TenantStatus } from '../../tenants/tenant.js';

/** What a directory token is now. */
export interface DirectoryTokenStanding {
  readonly id: string;
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly tenantStatus: TenantStatus;
  readonly name: string;
  readonly allowedNetworks: readonly string[];
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

const find = statement<{ readonly hash: string }, DirectoryTokenStanding>(
  'directory-tokens.find-standing',
  `select d.id, d.tenant_id as "tenantId", t.slug as "tenantSlug", t.status as "tenantStatus",
     d.name, d.allowed_networks as "allowedNetworks",
     d.expires_at as "expiresAt", d.revoked_at as "revokedAt"
   from directory_tokens d join tenants t on t.id = d.tenant_id where d.hash = :hash`,
);

/** Undefined: there is no such token. */
export function directoryTokenStandingOf(
  tx: SystemTransaction,
  hash: string,
): Promise<DirectoryTokenStanding | undefined> {
  return tx.first(find, { hash });
}
