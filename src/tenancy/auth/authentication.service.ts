import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { networkOf } from '../../platform/http/client-address.js';
import { FactorProofs } from '../factors/factor-proofs.js';
import { PasskeyCheck } from '../factors/passkey-check.js';
import { grantsOf, roleNamesOf } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import type { Standing } from '../permissions/standings.queries.js';
import { loginFailed, refreshRefused } from '../tenancy.errors.js';
import { isGone } from '../tenants/tenant.js';
import { Entrance } from '../security/entrance.js';
import { networkRefused } from '../security/security.events.js';
import { accountKey } from '../users/account-name.js';
import { Accounts } from '../users/accounts.js';
import { type Account, accountOf, isSignInGood } from '../users/users.store.js';
import { AccessTokens } from './access-tokens.js';
import {
  AuthenticationAudit,
  contextOfPerson,
  type RequestOrigin,
} from './authentication-audit.js';
import type { LoginBody, PasskeyLoginBody, SignedInUser, Tokens } from './authentication.dto.js';
import type { SignedIn } from './authenticator.js';
import { type Carrier, passkeySignIn, passwordSignIn, type SignInFacts } from './refresh-token.js';
import { chooseTenant, type TenantChoice } from './choose-tenant.js';
import { KnownNetworks } from './known-networks.js';
import { PasswordCheck, UncheckedRefusal } from './password-check.js';
import { type OpenedSession, Sessions } from './sessions.js';
import type { Session } from './sessions.store.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SignInQueue } from './sign-in-queue.js';
import { rolesThatCount } from './vouching.js';

/** Who has shown enough, for which tenant. */
interface Proved {
  readonly account: Account;
  readonly tenant: TenantChoice;
  readonly signIn: SignInFacts;
  /** Null: none was used. */
  readonly recoveryCodesLeft: number | null;
}

/** A session that has just been opened, and whose it is. */
export interface Entered {
  readonly session: Session;
  readonly standing: Standing;
  readonly opened: OpenedSession;
  /** Null: no recovery code was used. */
  readonly recoveryCodesLeft: number | null;
}

/** Signing in, staying signed in, signing out. */
@Injectable()
export class AuthenticationService {
  constructor(
    private readonly db: Database,
    private readonly attempts: SignInAttempts,
    private readonly queue: SignInQueue,
    private readonly passwords: PasswordCheck,
    private readonly known: KnownNetworks,
    private readonly sessions: Sessions,
    private readonly standings: Standings,
    private readonly accessTokens: AccessTokens,
    private readonly audit: AuthenticationAudit,
    private readonly accounts: Accounts,
    private readonly passkeys: PasskeyCheck,
    private readonly factors: FactorProofs,
    private readonly entrance: Entrance,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async login(body: LoginBody, origin: RequestOrigin): Promise<Tokens> {
    return this.tokensFor(await this.enterByPassword(body, origin, 'tokens'));
  }

  async loginByPasskey(body: PasskeyLoginBody, origin: RequestOrigin): Promise<Tokens> {
    return this.tokensFor(await this.enterByPasskey(body, origin, 'tokens'));
  }

  /** Attempts of one address wait for each other; other addresses have their turns meanwhile. */
  async enterByPassword(
    body: LoginBody,
    origin: RequestOrigin,
    carrier: Carrier,
  ): Promise<Entered> {
    await this.attempts.count(body.username, origin.address);
    try {
      return await this.queue.run(accountKey(body.username), origin.address, async () => {
        const { account, tenant, factor } = await this.passwords.pass(body, origin);
        const { hasFactor, recoveryCodesLeft } = factor;
        const network = networkOf(origin.address);
        const signIn = passwordSignIn(this.clock.now(), origin.client, network, hasFactor);
        return this.enter({ account, tenant, signIn, recoveryCodesLeft }, origin, carrier);
      });
    } catch (error) {
      if (!(error instanceof UncheckedRefusal)) throw error;
      // Outside the queue: nobody else's turn is taken by it.
      await this.passwords.pretend();
      throw error.refusal;
    }
  }

  /**
   * Without a password, by a passkey that verifies its holder. Not counted among guesses, of which there
   * are none: during an attack on the account this door stays open. Throws `passkey-refused`,
   * `login-failed`, `tenant-required`.
   */
  async enterByPasskey(
    body: PasskeyLoginBody,
    origin: RequestOrigin,
    carrier: Carrier,
  ): Promise<Entered> {
    const checked = await this.passkeys.check(body.passkey, { kind: 'sign-in' });
    const account = await this.accounts.byId(checked.passkey.userId);
    if (!account || account.isDisabled) throw loginFailed();
    // Before it is used up: whoever must say which tenant shows the same answer again.
    const tenant = chooseTenant(account.tenants, body.tenant);
    if (!tenant) throw loginFailed();
    const { address, requestId } = origin;
    const { id: userId, username } = account;
    await this.factors.accept(
      { userId, username, tenantId: tenant.id, requestId, address },
      checked,
    );
    await this.known.learn(userId, address);
    const signIn = passkeySignIn(this.clock.now(), origin.client, networkOf(origin.address));
    return this.enter({ account, tenant, signIn, recoveryCodesLeft: null }, origin, carrier);
  }

  passkeyOptions() {
    return this.passkeys.options({ kind: 'sign-in' }, null);
  }

  /** A new access token, and the next refresh token of the session. */
  async refresh(refreshToken: string, origin: RequestOrigin): Promise<Tokens> {
    // Before the token is used up: from elsewhere nothing happens to it.
    const tenantId = await this.sessions.tenantOf(refreshToken);
    if (tenantId !== undefined) await this.entrance.checkNetwork(tenantId, origin.address);
    const rotation = await this.sessions.rotate(refreshToken, async (tx, { userId, tenantId }) => {
      const username = (await accountOf(tx, userId))?.username ?? 'unknown';
      const how = 'refresh-token-reused';
      await this.audit.sessionEnded(tx, { id: userId, username }, tenantId, how, origin);
    });
    if (rotation.outcome === 'unknown') throw refreshRefused();
    // Asked anew: a refresh must not give fifteen more minutes to a role that was taken away.
    const standing = await this.standings.ask(rotation);
    if (rotation.outcome === 'reused') {
      this.standings.forget(rotation);
      throw refreshRefused();
    }
    if (!standing || !mayEnter(standing)) throw refreshRefused();
    // As good a proof as a password: a device that moves about takes its network along.
    await this.known.learn(rotation.userId, origin.address);
    return this.tokensOf(rotation, standing, rotation.refreshToken);
  }

  /** Ends the session: its refresh tokens at once, its access tokens within five seconds. */
  async logout(signedIn: SignedIn, origin: RequestOrigin): Promise<void> {
    const { userId, username, tenantId, sessionId } = signedIn;
    const person = { id: userId, username };
    await this.sessions.revoke(sessionId, (tx) =>
      this.audit.sessionEnded(tx, person, tenantId, 'logged-out', origin),
    );
    this.standings.forget({ userId, tenantId, sessionId });
  }

  me(signedIn: Omit<SignedIn, 'signIn'>): SignedInUser {
    const { userId, username, tenantSlug, roles } = signedIn;
    const permissions = [...grantsOf(roles).permissions].sort();
    return { id: userId, username, tenant: tenantSlug, roles: roleNamesOf(roles), permissions };
  }

  private async enter(
    { account, tenant, signIn, recoveryCodesLeft }: Proved,
    origin: RequestOrigin,
    carrier: Carrier,
  ): Promise<Entered> {
    const who = { userId: account.id, tenantId: tenant.id };
    const standing = await this.standings.ask({ ...who, sessionId: null });
    // Both change under our feet only when somebody is removed while signing in.
    const isIn = standing && standing.roles.length > 0 && !isGone(standing.tenantStatus);
    if (!isIn) throw loginFailed();
    const ctx = contextOfPerson(account, tenant.id, origin.requestId);
    await this.checkNetwork(ctx, account.username, origin);
    await this.sessions.tidy(who);
    const opened = await this.db.transaction(ctx, async (open) => {
      // What was shown may have been changed since: it opens nothing any more.
      if (!(await isSignInGood(open, account))) throw loginFailed();
      await this.audit.loggedIn(open, account, origin, signIn);
      if (recoveryCodesLeft !== null) {
        await this.audit.recoveryCodeUsed(open, account, origin, recoveryCodesLeft);
      }
      return this.sessions.open(open, account.id, signIn, carrier);
    });
    const session = { ...who, sessionId: opened.sessionId };
    return { session, standing: { ...standing, signIn }, opened, recoveryCodesLeft };
  }

  /** Told to the tenant: whoever was refused has shown all that is theirs to show. */
  async checkNetwork(ctx: Context, username: string, { address }: RequestOrigin): Promise<void> {
    try {
      await this.entrance.checkNetwork(ctx.tenantId, address);
    } catch (error) {
      const event = networkRefused(username, { address }, 'denied');
      await this.db.transaction(ctx, (open) => open.record(event));
      throw error;
    }
  }

  async tokensFor({ session, standing, opened, recoveryCodesLeft }: Entered): Promise<Tokens> {
    const tokens = await this.tokensOf(session, standing, opened.text);
    return recoveryCodesLeft === null ? tokens : { ...tokens, recoveryCodesLeft };
  }

  /** Who has just opened a session. */
  userOf({ userId, tenantId, sessionId }: Session, standing: Standing): SignedInUser {
    return this.me({ userId, tenantId, sessionId, ...seenOf(standing) });
  }

  private async tokensOf(
    session: Session,
    standing: Standing,
    refreshToken: string,
  ): Promise<Tokens> {
    const { userId, tenantId, sessionId } = session;
    const signedIn = { userId, tenantId, sessionId, ...seenOf(standing) };
    return {
      accessToken: await this.accessTokens.issue(signedIn),
      expiresIn: this.accessTokens.lifetimeSeconds,
      refreshToken,
      user: this.me(signedIn),
    };
  }
}

/** What counts of it, by who has vouched for the session. */
function seenOf({ username, tenantSlug, signIn, roles }: Standing) {
  return { username, tenantSlug, roles: signIn ? rolesThatCount(signIn, roles) : roles };
}

function mayEnter(standing: Standing): boolean {
  const { isDisabled, isSessionOpen, roles, tenantStatus } = standing;
  return !isDisabled && isSessionOpen && roles.length > 0 && !isGone(tenantStatus);
}
