import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import type { OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import {
  type Carrier,
  cookieDigest,
  cookieText,
  judgeSecret,
  newHandle,
  newSecret,
  parseRefreshToken,
  type RefreshState,
  type SignInFacts,
  refreshTokenText,
  sealFor,
  secretDigest,
  sessionIdOf,
  unsealWith,
} from './refresh-token.js';
import {
  insertSession,
  lockSession,
  renewSession,
  revokeSession,
  tenantOfSession,
  tidySessions,
  type Session,
} from './sessions.store.js';

/** Whoever has not signed in for a week signs in again, however often they refreshed. */
const SESSION_MS = 7 * 24 * 3_600_000;
/** How long the same successor is given again: two tabs at once, or an answer that got lost. */
const GRACE_MS = 10_000;
/** A person has few devices; a script that signs in for each call must not fill the table. */
const SESSIONS_PER_USER = 50;

export interface OpenedSession {
  readonly sessionId: string;
  /** What whoever has signed in shows from now on: the first refresh token, or the cookie's value. */
  readonly text: string;
  readonly expiresAt: Date;
}

export type Rotation =
  | (Session & { readonly outcome: 'rotated'; readonly refreshToken: string })
  | (Session & { readonly outcome: 'reused' })
  | { readonly outcome: 'unknown' };

/**
 * A session is a family of refresh tokens and one row in `credentials`. Each token works once; one
 * that comes again after its time ends the whole session, for the thief and for the owner.
 */
@Injectable()
export class Sessions {
  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the caller's tenant transaction. */
  async open(
    open: OpenContext,
    userId: string,
    signIn: SignInFacts,
    carrier: Carrier = 'tokens',
  ): Promise<OpenedSession> {
    const handle = newHandle();
    const secret = newSecret();
    const sessionId = sessionIdOf(handle);
    const now = this.clock.now();
    const state: RefreshState = {
      signIn,
      carrier,
      currentDigest: carrier === 'cookie' ? cookieDigest(secret) : secretDigest(secret),
      previousDigest: null,
      sealedCurrent: null,
      rotatedAt: now,
    };
    // One that another session has opened, in another tenant, lasts no longer than that one.
    const lifetimeMs = SESSION_MS - (now - signIn.signedInAt);
    await insertSession(open, { sessionId, userId, state, openedAt: new Date(now), lifetimeMs });
    const token = { handle, secret };
    const text = carrier === 'cookie' ? cookieText(token) : refreshTokenText(token);
    return { sessionId, text, expiresAt: new Date(now + lifetimeMs) };
  }

  /** Drops what is over, and the oldest beyond the limit. */
  async tidy(owner: Omit<Session, 'sessionId'>): Promise<void> {
    const now = new Date(this.clock.now());
    await this.db.system((tx) => tidySessions(tx, owner, { now, kept: SESSIONS_PER_USER }));
  }

  /**
   * Never throws for a bad token: the outcome is committed first, then the caller refuses. `tell`: that
   * one which was used before has ended the session, in the transaction that does it.
   */
  async rotate(
    text: string,
    tell: (tx: SystemTransaction, session: Session) => Promise<void>,
  ): Promise<Rotation> {
    const token = parseRefreshToken(text);
    if (!token) return { outcome: 'unknown' };
    const sessionId = sessionIdOf(token.handle);
    const now = this.clock.now();
    return this.db.system(async (tx): Promise<Rotation> => {
      const found = await lockSession(tx, sessionId, new Date(now));
      // A cookie is no refresh token, however it is dressed up: it would end with a script.
      if (!found || found.state.carrier === 'cookie') return { outcome: 'unknown' };
      const { state, userId, tenantId } = found;
      const session = { sessionId, userId, tenantId };
      const presented = judgeSecret(state, token.secret);
      if (presented === 'current') {
        const secret = await this.advance(tx, sessionId, state, token.secret);
        const refreshToken = refreshTokenText({ handle: token.handle, secret });
        return { outcome: 'rotated', ...session, refreshToken };
      }
      const isInGrace = now - state.rotatedAt <= GRACE_MS && state.sealedCurrent !== null;
      if (presented === 'previous' && isInGrace) {
        const secret = unsealWith(token.secret, state.sealedCurrent!);
        const refreshToken = refreshTokenText({ handle: token.handle, secret });
        return { outcome: 'rotated', ...session, refreshToken };
      }
      await this.revokeIn(tx, sessionId);
      await tell(tx, session);
      return { outcome: 'reused', ...session };
    });
  }

  /** Whose tenant a refresh token is of, before it is used up; undefined: it is of no session. */
  async tenantOf(text: string): Promise<string | undefined> {
    const token = parseRefreshToken(text);
    if (!token) return undefined;
    return this.db.system((tx) => tenantOfSession(tx, sessionIdOf(token.handle)));
  }

  /** Its person has shown something more, or something less counts. False: it has ended. */
  async amend(
    tx: SystemTransaction,
    sessionId: string,
    facts: Partial<Pick<SignInFacts, 'provedAt' | 'hasFactor'>>,
  ): Promise<boolean> {
    const now = new Date(this.clock.now());
    const found = await lockSession(tx, sessionId, now);
    if (!found) return false;
    const signIn = { ...found.state.signIn, ...facts };
    await renewSession(tx, sessionId, { state: { ...found.state, signIn }, now });
    return true;
  }

  async revoke(sessionId: string, tell: (tx: SystemTransaction) => Promise<void>): Promise<void> {
    await this.db.system(async (tx) => {
      await this.revokeIn(tx, sessionId);
      await tell(tx);
    });
  }

  private async advance(
    tx: SystemTransaction,
    sessionId: string,
    state: RefreshState,
    presentedSecret: string,
  ): Promise<string> {
    const secret = newSecret();
    const now = this.clock.now();
    const next: RefreshState = {
      signIn: state.signIn,
      currentDigest: secretDigest(secret),
      previousDigest: state.currentDigest,
      sealedCurrent: sealFor(presentedSecret, secret),
      rotatedAt: now,
    };
    await renewSession(tx, sessionId, { state: next, now: new Date(now) });
    return secret;
  }

  private async revokeIn(tx: SystemTransaction, sessionId: string): Promise<void> {
    await revokeSession(tx, sessionId, new Date(this.clock.now()));
  }
}
