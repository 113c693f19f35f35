import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import { contextOfPerson, type RequestOrigin } from '../auth/authentication-audit.js';
import type { Tokens } from '../auth/authentication.dto.js';
import { AuthenticationService, type Entered } from '../auth/authentication.service.js';
import type { SignedIn } from '../auth/authenticator.js';
import type { Carrier } from '../auth/refresh-token.js';
import { Sessions } from '../auth/sessions.js';
import { lockSession } from '../auth/sessions.store.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { Standings } from '../permissions/standings.js';
import { isGone } from '../tenants/tenant.js';
import { Accounts } from '../users/accounts.js';
import { lockPerson } from '../users/users.store.js';
import { notAMember } from './account.errors.js';
import { tenantSwitched } from './account.events.js';
import { TenantEntrance } from './tenant-entrance.js';

interface Destination {
  readonly userId: string;
  readonly tenantId: string;
}

/** From one tenant to another without a password: a new session there, which began as this one did. */
@Injectable()
export class SwitchingService {
  constructor(
    private readonly db: Database,
    private readonly accounts: Accounts,
    private readonly standings: Standings,
    private readonly entrance: TenantEntrance,
    private readonly sessions: Sessions,
    private readonly authentication: AuthenticationService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A tenant's provider is not told of the others. */
  async tenants({ userId, tenantId, signIn }: SignedIn) {
    const account = await this.accounts.byId(userId);
    const isNarrow = isVouchedByTenant(signIn);
    const seen = (account?.tenants ?? []).filter(({ id }) => !isNarrow || id === tenantId);
    const items = seen.map(({ id, slug, name }) => ({ slug, name, isCurrent: id === tenantId }));
    return { items };
  }

  /** Throws `not-a-member`, `sign-in-refused`, `provider-sign-in-needed`. */
  async switchTo(signedIn: SignedIn, slug: string, origin: RequestOrigin): Promise<Tokens> {
    const entered = await this.enter(signedIn, slug, { origin, carrier: 'tokens' });
    return this.authentication.tokensFor(entered);
  }

  /** A browser has one cookie: the session that it had ends as the other begins. */
  async switchBrowserTo(signedIn: SignedIn, slug: string, origin: RequestOrigin): Promise<Entered> {
    const entered = await this.enter(signedIn, slug, { origin, carrier: 'cookie' });
    await this.authentication.logout(signedIn, origin);
    return entered;
  }

  private async enter(
    signedIn: SignedIn,
    slug: string,
    { origin, carrier }: { readonly origin: RequestOrigin; readonly carrier: Carrier },
  ): Promise<Entered> {
    const { userId } = signedIn;
    const account = await this.accounts.byId(userId);
    const tenant = account?.tenants.find((one) => one.slug === slug);
    if (!tenant) throw notAMember();
    const destination = { userId, tenantId: tenant.id };
    const standing = await this.standings.ask({ ...destination, sessionId: null });
    if (!standing || standing.isDisabled || standing.roles.length === 0) throw notAMember();
    if (isGone(standing.tenantStatus)) throw notAMember();
    // Before anything is locked: who has vouched for a session never changes.
    await this.entrance.check(tenant.id, standing, signedIn.signIn);
    await this.sessions.tidy(destination);
    const opened = await this.open(signedIn, destination, { origin, carrier });
    return {
      session: { ...destination, sessionId: opened.sessionId },
      standing: { ...standing, signIn: signedIn.signIn },
      opened,
      recoveryCodesLeft: null,
    };
  }

  /**
   * While the person is locked: whatever ends all of their sessions comes before it, and then this one
   * is over too, or after it, and ends the new one as well.
   */
  private open(
    from: SignedIn,
    { userId, tenantId }: Destination,
    { origin, carrier }: { readonly origin: RequestOrigin; readonly carrier: Carrier },
  ) {
    const { username, tenantSlug, sessionId } = from;
    const { address, requestId } = origin;
    const ctx = contextOfPerson({ id: userId, username }, tenantId, requestId);
    return this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      const now = new Date(this.clock.now());
      const session = await lockSession(tx, sessionId, now);
      if (!session) throw unauthenticated();
      const { signIn } = session.state;
      return this.db.transaction(ctx, async (open) => {
        await open.record(tenantSwitched(username, { address, from: tenantSlug }));
        return this.sessions.open(open, userId, signIn, carrier);
      });
    });
  }
}
