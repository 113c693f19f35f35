import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { permissionsOf, Standings, type Standing } from '../permissions/standings.js';
import { accountKey } from '../users/account-name.js';
import { Accounts, type Account } from '../users/accounts.js';
import { AccessTokens } from './access-tokens.js';
import {
  AuthenticationAudit,
  contextOfPerson,
  type RequestOrigin,
} from './authentication-audit.js';
import type { LoginBody, SignedInUser, Tokens } from './authentication.dto.js';
import {
  loginBusy,
  loginFailed,
  refreshRefused,
  tenantSuspended,
} from './authentication.failures.js';
import type { SignedIn } from './authenticator.js';
import { BoundedWork, QueueFullError } from './bounded-work.js';
import { chooseTenant, type TenantChoice } from './choose-tenant.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordHasher } from './password-hasher.js';
import { Sessions, type Session } from './sessions.js';

/** Attempts under way in one process: as many as may wait for their password to be hashed. */
const LOGINS_AT_ONCE = 64;

/** Signing in, staying signed in, signing out. */
@Injectable()
export class AuthenticationService {
  private readonly attempts = new BoundedWork(LOGINS_AT_ONCE, 0);

  constructor(
    private readonly db: Database,
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly sessions: Sessions,
    private readonly standings: Standings,
    private readonly accessTokens: AccessTokens,
    private readonly audit: AuthenticationAudit,
  ) {}

  /** Refuses at once when too many attempts are under way, before they reach the database. */
  async login(body: LoginBody, origin: RequestOrigin): Promise<Tokens> {
    try {
      return await this.attempts.run(() => this.attempt(body, origin));
    } catch (error) {
      throw error instanceof QueueFullError ? loginBusy(error) : error;
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
    return this.tokensOf(rotation, standing, rotation.refreshToken);
  }

  /** Ends the session: its refresh tokens at once, its access tokens within five seconds. */
  async logout(signedIn: SignedIn, origin: RequestOrigin): Promise<void> {
    const { userId, username, tenantId, sessionId } = signedIn;
    await this.sessions.revoke(sessionId);
    this.standings.forget({ userId, tenantId, sessionId });
    await this.audit.sessionEnded({ id: userId, username }, tenantId, 'logged-out', origin);
  }

  me(signedIn: SignedIn): SignedInUser {
    const { userId, username, tenantSlug, roles } = signedIn;
    const permissions = [...permissionsOf(roles)].sort();
    return { id: userId, username, tenant: tenantSlug, roles: [...roles], permissions };
  }

  /** The same work and the same refusal whether or not there is such an account. */
  private async attempt(body: LoginBody, origin: RequestOrigin): Promise<Tokens> {
    const key = accountKey(body.username);
    await this.throttle.check(key, origin.address);
    const account = await this.accounts.find(key);
    const matches = await this.passwords.verify(account?.passwordHash ?? null, body.password);
    if (!account || !matches || account.isDisabled) throw await this.failed(key, account, origin);
    const tenant = chooseTenant(account.tenants, body.tenant);
    if (!tenant) throw await this.failed(key, account, origin);
    await this.throttle.succeeded(key, origin.address);
    await this.renewHash(account, body.password);
    return this.signIn(account, tenant, origin);
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
    const context = contextOfPerson(account, tenant.id, origin.requestId);
    const opened = await this.db.transaction(context, async (ctx) => {
      await this.audit.loggedIn(ctx, account, origin);
      return this.sessions.open(ctx, account.id);
    });
    return this.tokensOf({ ...who, ...opened }, standing, opened.refreshToken);
  }

  private async tokensOf(
    session: Session,
    standing: Standing,
    refreshToken: string,
  ): Promise<Tokens> {
    const { userId, tenantId, sessionId } = session;
    const { username, tenantSlug, roles } = standing;
    const signedIn: SignedIn = { userId, username, tenantId, tenantSlug, roles, sessionId };
    return {
      accessToken: await this.accessTokens.issue(signedIn),
      expiresIn: this.accessTokens.lifetimeSeconds,
      refreshToken,
      user: this.me(signedIn),
    };
  }

  private async failed(
    key: string,
    account: Account | null,
    origin: RequestOrigin,
  ): Promise<Error> {
    await this.throttle.failed(key, origin.address);
    await this.audit.loginFailed(account, origin);
    return loginFailed();
  }

  private async renewHash(account: Account, password: string): Promise<void> {
    if (!this.passwords.isOutdated(account.passwordHash)) return;
    const renewed = await this.passwords.hash(password);
    await this.accounts.replaceHash(account.id, account.passwordHash, renewed);
  }
}

function mayEnter(standing: Standing): boolean {
  const { isDisabled, isSessionOpen, roles, tenantStatus } = standing;
  return !isDisabled && isSessionOpen && roles.length > 0 && tenantStatus !== 'deleted';
}
