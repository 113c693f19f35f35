import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { type Standing, type StandingOf, standingOf } from './standings.queries.js';

/** Changes must take effect within 5 s; the rest is for the query and for a slow event loop. */
const KEEP_MS = 4_000;
/** More signed-in people than this per process: the oldest are simply asked again. */
const KEPT = 10_000;

/**
 * Answers who may do what from the database, not from the token. An answer is kept for four
 * seconds, counted from before the question, so that a role taken away is gone within five.
 */
@Injectable()
export class Standings {
  private readonly kept = new Map<string, { askedAt: number; answer: Promise<Standing | null> }>();

  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null: no such person or tenant. May be up to four seconds old. */
  async of(who: StandingOf): Promise<Standing | null> {
    const key = keyOf(who);
    const now = this.clock.monotonic();
    const known = this.kept.get(key);
    if (known && now - known.askedAt < KEEP_MS) return known.answer;
    this.kept.delete(key);
    const oldest = this.kept.keys().next();
    if (this.kept.size >= KEPT && !oldest.done) this.kept.delete(oldest.value);
    const entry = { askedAt: now, answer: this.ask(who) };
    this.kept.set(key, entry);
    try {
      return await entry.answer;
    } catch (error) {
      // A question that failed is not an answer; the next request asks again.
      if (this.kept.get(key) === entry) this.kept.delete(key);
      throw error;
    }
  }

  /** Ends what this process remembers of a session at once. */
  forget(who: StandingOf): void {
    this.kept.delete(keyOf(who));
  }

  /** Always asks. */
  async ask(who: StandingOf): Promise<Standing | null> {
    const now = new Date(this.clock.now());
    return (await this.db.system((tx) => standingOf(tx, who, now))) ?? null;
  }
}

function keyOf({ userId, tenantId, sessionId }: StandingOf): string {
  return `${userId}/${tenantId}/${sessionId}`;
}
