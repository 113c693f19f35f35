import { Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { Context } from '../../platform/context.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import { grantsIn, type HeldRole } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import { Entrance } from '../security/entrance.js';
import { isGone } from '../tenants/tenant.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { BrowserSessions } from '../browser-sessions/browser-sessions.js';
import type { AccessTokenClaims } from './access-tokens.js';
import type { SignInFacts } from './refresh-token.js';
import type { Session } from './sessions.store.js';
import { rolesThatCount } from './vouching.js';

/** Somebody who is signed in: the person, the one tenant of the token, the session. */
export interface SignedIn {
  readonly userId: string;
  readonly username: string;
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly roles: readonly HeldRole[];
  readonly sessionId: string;
  readonly signIn: SignInFacts;
}

/** A token whose signature was verified once; its bearer is asked for again and again. */
export interface FollowedToken {
  readonly context: Context;
  /** Who the bearer is by now. Throws as authenticateToken() does. */
  again(): Promise<Context>;
}

/** From a token to a Context, for the guard and for sockets alike. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly strategy: AccessTokenStrategy,
    private readonly standings: Standings,
    private readonly entrance: Entrance,
    private readonly browsers: BrowserSessions,
  ) {}

  /**
   * For the realtime gateway: at the handshake, and `again()` every second while a socket is open
   * (it is cheap), so that a logout, a lost role or what the tenant now demands cuts the socket.
   * Throws `unauthenticated`, `network-not-allowed`, `provider-sign-in-needed`, `mfa-enrollment-required`.
   */
  async followToken(token: string, address: string): Promise<FollowedToken> {
    const claims = await this.claimsOf(token);
    return this.followed(async () => {
      if (!(await this.strategy.isStillGood(token, claims))) throw unauthenticated();
      return this.standingOf(sessionOf(claims));
    }, address);
  }

  /** The same, by the cookie of a browser: while its session lasts. */
  async followCookie(text: string, address: string): Promise<FollowedToken> {
    const session = await this.browserOf(text);
    return this.followed(() => this.standingOf(session), address);
  }

  private async followed(ask: () => Promise<SignedIn>, address: string): Promise<FollowedToken> {
    const again = async () => {
      const signedIn = await ask();
      await this.entrance.checkNetwork(signedIn.tenantId, address);
      await this.entrance.checkProvider(signedIn);
      await this.entrance.checkFactor(signedIn);
      return contextOf(signedIn, newId());
    };
    return { context: await again(), again };
  }

  async authenticateToken(token: string): Promise<Context> {
    return contextOf(await this.signedIn(token), newId());
  }

  /** Throws `unauthenticated`. */
  async signedIn(token: string): Promise<SignedIn> {
    return this.standingOf(sessionOf(await this.claimsOf(token)));
  }

  /** Throws `unauthenticated`. */
  async signedInByCookie(text: string): Promise<SignedIn> {
    return this.standingOf(await this.browserOf(text));
  }

  private async browserOf(text: string): Promise<Session> {
    const session = await this.browsers.of(text);
    if (!session) throw unauthenticated();
    return session;
  }

  private async claimsOf(token: string): Promise<AccessTokenClaims> {
    const claims = await this.strategy.check(token);
    if (!claims) throw unauthenticated();
    return claims;
  }

  private async standingOf(who: Session): Promise<SignedIn> {
    const standing = await this.standings.of(who);
    if (!standing || standing.isDisabled || !standing.isSessionOpen) throw unauthenticated();
    if (standing.roles.length === 0 || isGone(standing.tenantStatus)) throw unauthenticated();
    const { username, tenantSlug, signIn } = standing;
    if (!signIn) throw unauthenticated();
    const { userId, tenantId, sessionId } = who;
    const roles = rolesThatCount(signIn, standing.roles);
    if (roles.length === 0) throw unauthenticated();
    return { userId, username, tenantId, tenantSlug, roles, sessionId, signIn };
  }
}

function sessionOf({ sub, tid, sid }: AccessTokenClaims): Session {
  return { userId: sub, tenantId: tid, sessionId: sid };
}

/** What the person may do in the token's own tenant. */
export function contextOf(signedIn: SignedIn, requestId: string): Context {
  const { userId, username, tenantId, roles } = signedIn;
  return new Context({
    tenantId,
    actor: { kind: 'user', id: userId, name: username, personId: userId },
    grants: grantsIn(tenantId, roles),
    requestId,
  });
}
