import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { RequestOrigin } from '../auth/authentication-audit.js';
import type { SignedIn } from '../auth/authenticator.js';
import { endSessionsEverywhere, revokeSession } from '../auth/sessions.store.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { endSessionsVouchedBy } from '../identity-providers/vouched-sessions.js';
import { Standings } from '../permissions/standings.js';
import { AccountAudit } from '../users/account-audit.js';
import { accountOf, lockPerson } from '../users/users.store.js';
import type { SessionView } from './account.dto.js';
import { sessionNotFound } from './account.errors.js';
import { loggedOutEverywhere, sessionEnded } from './account.events.js';
import { type OwnSession, ownSessions } from './own-sessions.queries.js';

/**
 * What a person has open, in all tenants: to look at, and to end. A session that a tenant's provider vouches
 * for sees those of that provider alone: of the others whoever runs it is to learn nothing, and ends none.
 */
@Injectable()
export class OwnSessionsService {
  constructor(
    private readonly db: Database,
    private readonly standings: Standings,
    private readonly audit: AccountAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(signedIn: SignedIn): Promise<{ items: SessionView[] }> {
    const sessions = await this.seenBy(signedIn);
    return { items: sessions.map((session) => viewOf(session, signedIn.sessionId)) };
  }

  /** Throws `session-not-found`. */
  async end(signedIn: SignedIn, id: string, origin: RequestOrigin): Promise<void> {
    const session = (await this.seenBy(signedIn)).find(({ hash }) => shownId(hash) === id);
    if (!session) throw sessionNotFound();
    const { userId, username } = signedIn;
    const { hash: sessionId, tenantId, tenant: slug } = session;
    const tenants = [{ id: tenantId, slug, name: slug }];
    const { address, requestId } = origin;
    const event = sessionEnded(username, { address });
    await this.db.system(async (tx) => {
      await revokeSession(tx, sessionId, this.now());
      await this.audit.tell(tx, { id: userId, username, tenants }, requestId, event);
    });
    this.standings.forget({ userId, tenantId, sessionId });
  }

  /** This one too: whoever suspects a thief cannot know which of them is the thief's. */
  async endAll(signedIn: SignedIn, origin: RequestOrigin): Promise<void> {
    const { userId, tenantId, sessionId, signIn } = signedIn;
    const providerId = isVouchedByTenant(signIn) ? signIn.providerId : null;
    const { address, requestId } = origin;
    await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      const now = this.now();
      if (providerId !== null) await endSessionsVouchedBy(tx, { providerId, userId, now });
      else await endSessionsEverywhere(tx, userId, { now, except: null });
      const account = await accountOf(tx, userId);
      if (!account) return;
      const tenants = account.tenants.filter(({ id }) => providerId === null || id === tenantId);
      const event = loggedOutEverywhere(account.username, { address });
      await this.audit.tell(tx, { ...account, tenants }, requestId, event);
    });
    this.standings.forget({ userId, tenantId, sessionId });
  }

  private async seenBy({ userId, signIn: own }: SignedIn): Promise<OwnSession[]> {
    const all = await this.db.system((tx) => ownSessions(tx, userId, this.now()));
    if (!isVouchedByTenant(own)) return all;
    return all.filter(({ signIn }) => signIn.providerId === own.providerId);
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

/** Not the session's own id: that stands in access tokens. From this one nothing can be found. */
function shownId(hash: string): string {
  return createHash('sha256')
    .update(`tidegate:shown-session:v1\n${hash}`)
    .digest('hex')
    .slice(0, 32);
}

function viewOf(session: OwnSession, current: string): SessionView {
  const { hash, tenant, signIn, lastUsedAt, expiresAt } = session;
  return {
    id: shownId(hash),
    tenant,
    isCurrent: hash === current,
    method: signIn.method,
    client: signIn.client,
    network: signIn.network ?? null,
    signedInAt: new Date(signIn.signedInAt),
    lastUsedAt,
    expiresAt,
  };
}
