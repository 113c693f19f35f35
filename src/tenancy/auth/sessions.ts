import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import type { OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';
import {
  judgeSecret,
  newHandle,
  newSecret,
  parseRefreshToken,
  type RefreshState,
  refreshState,
  refreshTokenText,
  sealFor,
  secretDigest,
  sessionIdOf,
  unsealWith,
} from './refresh-token.js';

/** Whoever has not signed in for a week signs in again, however often they refreshed. */
const SESSION_MS = 7 * 24 * 3_600_000;
/** How long the same successor is given again: two tabs at once, or an answer that got lost. */
const GRACE_MS = 10_000;
/** A person has few devices; a script that signs in for each call must not fill the table. */
const SESSIONS_PER_USER = 50;

export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly tenantId: string;
}

interface OpenedSession {
  readonly sessionId: string;
  readonly refreshToken: string;
}

export type Rotation =
  | (Session & { readonly outcome: 'rotated'; readonly refreshToken: string })
  | (Session & { readonly outcome: 'reused' })
  | { readonly outcome: 'unknown' };

interface SessionRow {
  readonly userId: string;
  readonly tenantId: string;
  readonly data: unknown;
}

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
  async open(open: OpenContext, userId: string): Promise<OpenedSession> {
    const handle = newHandle();
    const secret = newSecret();
    const sessionId = sessionIdOf(handle);
    const now = this.clock.now();
    const state: RefreshState = {
      currentDigest: secretDigest(secret),
      previousDigest: null,
      sealedCurrent: null,
      rotatedAt: now,
    };
    await open.tx.execute(
      `insert into credentials (hash, tenant_id, kind, subject_id, data, created_at, expires_at)
       values ($1, $2, 'refresh', $3, $4, $5, $6)`,
      [sessionId, open.tenantId, userId, state, new Date(now), new Date(now + SESSION_MS)],
    );
    return { sessionId, refreshToken: refreshTokenText({ handle, secret }) };
  }

  /** Drops what is over, and the oldest beyond the limit. */
  async tidy({ userId, tenantId }: Omit<Session, 'sessionId'>): Promise<void> {
    await this.db.system((tx) =>
      tx.execute(
        `delete from credentials where hash in (select hash from (
           select hash, revoked_at is not null or expires_at < $3 as is_over,
             row_number() over (order by revoked_at nulls first, created_at desc) as rank
           from credentials where tenant_id = $1 and kind = 'refresh' and subject_id = $2) mine
         where is_over or rank > ${SESSIONS_PER_USER})`,
        [tenantId, userId, new Date(this.clock.now())],
      ),
    );
  }

  /** Never throws for a bad token: the outcome is committed first, then the caller refuses. */
  async rotate(text: string): Promise<Rotation> {
    const token = parseRefreshToken(text);
    if (!token) return { outcome: 'unknown' };
    const sessionId = sessionIdOf(token.handle);
    const now = this.clock.now();
    return this.db.system(async (tx): Promise<Rotation> => {
      const [row] = await tx.query<SessionRow>(
        `select subject_id as "userId", tenant_id as "tenantId", data from credentials
         where hash = $1 and kind = 'refresh' and revoked_at is null and expires_at > $2 for update`,
        [sessionId, new Date(now)],
      );
      if (!row) return { outcome: 'unknown' };
      const { userId, tenantId } = row;
      const session = { sessionId, userId, tenantId };
      const state = refreshState.parse(row.data);
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
      return { outcome: 'reused', ...session };
    });
  }

  async revoke(sessionId: string): Promise<void> {
    await this.db.system((tx) => this.revokeIn(tx, sessionId));
  }

  private async advance(
    tx: Transaction,
    sessionId: string,
    state: RefreshState,
    presentedSecret: string,
  ): Promise<string> {
    const secret = newSecret();
    const now = this.clock.now();
    const next: RefreshState = {
      currentDigest: secretDigest(secret),
      previousDigest: state.currentDigest,
      sealedCurrent: sealFor(presentedSecret, secret),
      rotatedAt: now,
    };
    await tx.execute('update credentials set data = $2, used_at = $3 where hash = $1', [
      sessionId,
      next,
      new Date(now),
    ]);
    return secret;
  }

  private async revokeIn(tx: Transaction, sessionId: string): Promise<void> {
    await tx.execute(
      `update credentials set revoked_at = $2
       where hash = $1 and kind = 'refresh' and revoked_at is null`,
      [sessionId, new Date(this.clock.now())],
    );
  }
}
