/** The rows of `credentials` behind enrolment tokens, for the agent's target, floors below. */
import { Injectable } from '@nestjs/common';
import {
  EnrollmentGrants,
  type StoredGrant,
} from '../../drivers/targets/agent/enrollment-grants.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

type NamedGrant = { readonly tenantId: string; readonly hash: string };

const findTenant = statement<{ readonly hash: string }, { readonly tenantId: string }>(
  'enrollment-grants.find-tenant',
  `select tenant_id as "tenantId" from credentials where hash = :hash and kind = 'enrollment'`,
);

const lockGrant = statement<NamedGrant, StoredGrant>(
  'enrollment-grants.lock',
  `select data, used_at is not null as "isUsed", revoked_at is not null as "isRevoked",
     expires_at < clock_timestamp() as "isExpired"
   from credentials where tenant_id = :tenantId and hash = :hash for update`,
);

const useGrant = statement<NamedGrant & { readonly use: string }>(
  'enrollment-grants.use',
  `update credentials set used_at = clock_timestamp(), data = data || :use::jsonb
   where tenant_id = :tenantId and hash = :hash`,
);

@Injectable()
export class StoredEnrollmentGrants extends EnrollmentGrants {
  async tenantOf(tx: SystemTransaction, hash: string): Promise<string | undefined> {
    const found = await tx.first(findTenant, { hash });
    return found?.tenantId;
  }

  lock(open: OpenContext, hash: string): Promise<StoredGrant | undefined> {
    return open.tx.first(lockGrant, { tenantId: open.tenantId, hash });
  }

  async use(open: OpenContext, hash: string, nodeId: string): Promise<void> {
    const use = JSON.stringify({ nodeId });
    await open.tx.execute(useGrant, { tenantId: open.tenantId, hash, use });
  }
}
