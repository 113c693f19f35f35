import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { cookieDigest, isSameDigest, parseCookieText, sessionIdOf } from '../auth/refresh-token.js';
import { findSession, type Session, touchSession } from '../auth/sessions.store.js';

/** More signed-in browsers than this per process: the ones not seen for longest are looked up again. */
const KEPT = 10_000;
/** How exact the last use in the list of sessions is; each is a write. */
const TOUCHED_EVERY_MS = 5 * 60_000;

interface Known extends Session {
  touchedAt: number;
}

/**
 * Whose session a cookie is of. That never changes, so it is kept; whether the session is still open, and
 * what its person may do, is asked of the database like that of an access token (standings.ts).
 */
@Injectable()
export class BrowserSessions {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null: it is no cookie of ours, or of none that is open. */
  async of(text: string): Promise<Session | null> {
    const cookie = parseCookieText(text);
    if (!cookie) return null;
    const digest = cookieDigest(cookie.secret);
    const key = `${cookie.handle}/${digest}`;
    const known = this.known.get(key) ?? (await this.find(cookie.handle, digest));
    if (!known) return null;
    // In the order of their last use, so that the first is the one to forget.
    this.known.delete(key);
    const oldest = this.known.keys().next();
    if (this.known.size >= KEPT && !oldest.done) this.known.delete(oldest.value);
    this.known.set(key, known);
    await this.touch(known);
    const { sessionId, userId, tenantId } = known;
    return { sessionId, userId, tenantId };
  }

  private async find(handle: string, digest: string): Promise<Known | undefined> {
    const sessionId = sessionIdOf(handle);
    const now = new Date(this.clock.now());
    const found = await this.db.system((tx) => findSession(tx, sessionId, now));
    if (found?.state.carrier !== 'cookie') return undefined;
    if (!isSameDigest(digest, found.state.currentDigest)) return undefined;
    const { userId, tenantId } = found;
    return { sessionId, userId, tenantId, touchedAt: 0 };
  }

  private async touch(known: Known): Promise<void> {
    const now = this.clock.now();
    if (now - known.touchedAt < TOUCHED_EVERY_MS) return;
    known.touchedAt = now;
    await this.db.system((tx) => touchSession(tx, known.sessionId, new Date(now)));
  }
}
