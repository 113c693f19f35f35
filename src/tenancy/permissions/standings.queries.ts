import { IS_CREDENTIAL_GOOD } from '../../platform/credentials/credentials.store.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { SignInFacts } from '../auth/refresh-token.js';
import type { FactorKind } from '../factors/factors.store.js';
import { SESSION_KIND } from '../auth/sessions.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { TenantStatus } from '../tenants/tenant.js';
import { type HeldRole, ROLES_OF_PERSON } from './bindings.js';

/** What a person is in a tenant, now. */
export interface Standing {
  readonly username: string;
  readonly isDisabled: boolean;
  readonly tenantSlug: string;
  readonly tenantStatus: TenantStatus;
  readonly roles: readonly HeldRole[];
  /** False after a logout, a reuse of a refresh token, or the session's end. */
  readonly isSessionOpen: boolean;
  /** How the session began; null where none was asked about, or it is gone. */
  readonly signIn: SignInFacts | null;
  /** Kinds of second factors that they have. */
  readonly factors: readonly FactorKind[];
  readonly hasPassword: boolean;
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
     ${ROLES_OF_PERSON} as roles,
     ${IS_CREDENTIAL_GOOD} as "isSessionOpen",
     (select s.data -> 'signIn' from credentials s where s.hash = :hash and s.kind = :kind
        and s.subject_id = u.id) as "signIn",
     array(select distinct f.kind from user_factors f where f.user_id = u.id
       and f.kind <> 'recovery' and f.confirmed_at is not null order by f.kind desc) as factors,
     u.password_hash is not null as "hasPassword"
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
