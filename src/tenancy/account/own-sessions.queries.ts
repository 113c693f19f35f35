import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { SignInFacts } from '../auth/refresh-token.js';

/** The hash is the session's own id: it stays inside. */
export interface OwnSession {
  readonly hash: string;
  readonly tenantId: string;
  readonly tenant: string;
  readonly signIn: SignInFacts;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

const list = statement<{ readonly userId: string; readonly now: Date }, OwnSession>(
  'own-sessions.list',
  `select c.hash, c.tenant_id as "tenantId", t.slug as tenant, c.data -> 'signIn' as "signIn",
     c.created_at as "createdAt", coalesce(c.used_at, c.created_at) as "lastUsedAt",
     c.expires_at as "expiresAt"
   from credentials c join tenants t on t.id = c.tenant_id
   where c.subject_id = :userId and c.kind = 'refresh' and c.revoked_at is null
     and c.expires_at > :now
   order by c.created_at desc`,
);

/** In all tenants, newest first: so many in each as the limit of sessions allows. */
export function ownSessions(
  tx: SystemTransaction,
  userId: string,
  now: Date,
): Promise<OwnSession[]> {
  return tx.query(list, { userId, now });
}
