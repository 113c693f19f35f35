import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { networkOf } from '../../platform/http/client-address.js';
import { grantsOf, roleNamesOf } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import type { Standing } from '../permissions/standings.queries.js';
import { loginFailed, refreshRefused, tenantSuspended } from '../tenancy.errors.js';
import { accountKey } from '../users/account-name.js';
import type { Account } from '../users/users.store.js';
import { AccessTokens } from './access-tokens.js';
import {
  AuthenticationAudit,
  contextOfPerson,
  type RequestOrigin,
} from './authentication-audit.js';
import type { LoginBody, SignedInUser, Tokens } from './authentication.dto.js';
import type { SignedIn } from './authenticator.js';
import { passwordSignIn } from './refresh-token.js';
import type { TenantChoice } from './choose-tenant.js';
import { KnownNetworks } from './known-networks.js';
import { PasswordCheck, UncheckedRefusal } from './password-check.js';
import { Sessions } from './sessions.js';
import type { Session } from './sessions.store.js';
import { SignInQueue } from './sign-in-queue.js';

/** Signing in, staying signed in, signing out. */
@Injectable()
export class AuthenticationService {
  constructor(
    private readonly db: Database,
    private readonly queue: SignInQueue,
    private readonly passwords: PasswordCheck,
    private readonly known: KnownNetworks,
    private readonly sessions: Sessions,
    private readonly standings: Standings,
    private readonly accessTokens: AccessTokens,
    private readonly audit: AuthenticationAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Attempts of one address wait for each other; other addresses have their turns meanwhile. */
  async login(body: LoginBody, origin: RequestOrigin): Promise<Tokens> {
    try {
      return await this.queue.run(accountKey(body.username), origin.address, async () => {
        const { account, tenant } = await this.passwords.pass(body, origin);
        return this.signIn(account, tenant, origin);
      });
    } catch (error) {
      if (!(error instanceof UncheckedRefusal)) throw error;
      // Outside the queue: nobody else's turn is taken by it.
      await this.passwords.pretend();
      throw error.refusal;
    }
  }

  /** A new access token, and the next refresh token of the session. */
  async refresh(refreshToken: string, origin: RequestOrigin): Promise<Tokens> {
    const rotation = await this.sessions.rotate(refreshToken);
    if (rotation.outcome === 'unknown') throw refreshRefused();
    // Asked anew: a refresh must not give fifteen more minutes to a role that was taken away.
    const standing = await this.standings.ask(rotation);
    if (rotation.outcome === 'reused') {
      const person = { id: rotation.userId, username: standing?.username ?? 'unknown' };
      this.standings.forget(rotation);
      await this.audit.sessionEnded(person, rotation.tenantId, 'refresh-token-reused', origin);
      throw refreshRefused();
    }
    if (!standing || !mayEnter(standing)) throw refreshRefused();
    if (standing.tenantStatus === 'suspended') throw tenantSuspended();
    // As good a proof as a password: a device that moves about takes its network along.
    await this.known.learn(rotation.userId, origin.address);
    return this.tokensOf(rotation, standing, rotation.refreshToken);
  }

  /** Ends the session: its refresh tokens at once, its access tokens within five seconds. */
  async logout(signedIn: SignedIn, origin: RequestOrigin): Promise<void> {
    const { userId, username, tenantId, sessionId } = signedIn;
    await this.sessions.revoke(sessionId);
    this.standings.forget({ userId, tenantId, sessionId });
    await this.audit.sessionEnded({ id: userId, username }, tenantId, 'logged-out', origin);
  }

  me(signedIn: Omit<SignedIn, 'signIn'>): SignedInUser {
    const { userId, username, tenantSlug, roles } = signedIn;
    const permissions = [...grantsOf(roles).permissions].sort();
    return { id: userId, username, tenant: tenantSlug, roles: roleNamesOf(roles), permissions };
  }

  private async signIn(
    account: Account,
    tenant: TenantChoice,
    origin: RequestOrigin,
  ): Promise<Tokens> {
    const who = { userId: account.id, tenantId: tenant.id };
    const standing = await this.standings.ask({ ...who, sessionId: null });
    // Both change under our feet only when somebody is removed while signing in.
    if (!standing || standing.roles.length === 0) throw loginFailed();
    if (standing.tenantStatus === 'suspended') throw tenantSuspended();
    await this.sessions.tidy(who);
    const ctx = contextOfPerson(account, tenant.id, origin.requestId);
    const signIn = passwordSignIn(this.clock.now(), origin.client, networkOf(origin.address));
    const opened = await this.db.transaction(ctx, async (open) => {
      await this.audit.loggedIn(open, account, origin);
      return this.sessions.open(open, account.id, signIn);
    });
    return this.tokensOf({ ...who, ...opened }, standing, opened.refreshToken);
  }

  /** The answer to whoever has just opened, or renewed, a session. */
  async tokensOf(session: Session, standing: Standing, refreshToken: string): Promise<Tokens> {
    const { userId, tenantId, sessionId } = session;
    const { username, tenantSlug, roles } = standing;
    const signedIn = { userId, username, tenantId, tenantSlug, roles, sessionId };
    return {
      accessToken: await this.accessTokens.issue(signedIn),
      expiresIn: this.accessTokens.lifetimeSeconds,
      refreshToken,
      user: this.me(signedIn),
    };
  }
}

function mayEnter(standing: Standing): boolean {
  const { isDisabled, isSessionOpen, roles, tenantStatus } = standing;
  return !isDisabled && isSessionOpen && roles.length > 0 && tenantStatus !== 'deleted';
}
