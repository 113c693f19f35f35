import type { Role } from '../../kernel/permission.js';
import { IS_CREDENTIAL_GOOD } from '../../platform/credentials/credentials.store.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { SESSION_KIND } from '../auth/sessions.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

/** What a person is in a tenant, now. */
export interface Standing {
  readonly username: string;
  readonly isDisabled: boolean;
  readonly tenantSlug: string;
  readonly tenantStatus: 'active' | 'suspended' | 'deleted';
  readonly roles: readonly Role[];
  /** False after a logout, a reuse of a refresh token, or the session's end. */
  readonly isSessionOpen: boolean;
}

export interface StandingOf {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string | null;
}

const findStanding = statement<
  {
    readonly subjectId: string;
    readonly tenantId: string;
    readonly platformTenantId: string;
    readonly hash: string | null;
    readonly kind: string;
    readonly now: Date;
  },
  Standing
>(
  'standings.find',
  `select u.username, u.disabled_at is not null as "isDisabled",
     t.slug as "tenantSlug", t.status as "tenantStatus",
     to_jsonb(array(select m.role from memberships m where m.user_id = u.id
       and (case when m.role = 'PlatformAdmin' then m.tenant_id = :platformTenantId
            else m.tenant_id = t.id end) order by m.role)) as roles,
     ${IS_CREDENTIAL_GOOD} as "isSessionOpen"
   from users u, tenants t where u.id = :subjectId and t.id = :tenantId`,
);

/** Undefined: no such person or tenant. */
export function standingOf(
  tx: SystemTransaction,
  { userId, tenantId, sessionId }: StandingOf,
  now: Date,
): Promise<Standing | undefined> {
  return tx.first(findStanding, {
    subjectId: userId,
    tenantId,
    platformTenantId: PLATFORM_TENANT.id,
    hash: sessionId,
    kind: SESSION_KIND,
    now,
  });
}
