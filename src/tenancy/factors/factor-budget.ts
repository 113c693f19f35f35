import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { PrivateDigest } from '../auth/private-digest.js';
import {
  afterFailure,
  type Brake,
  CALM,
  type Count,
  FORGET_AFTER_MS,
  waitAfter,
} from '../auth/sign-in-budgets.js';
import { forgiveCounts, lockCounts, writeCounts } from '../auth/sign-in-budgets.store.js';
import { factorThrottled } from './factors.errors.js';

/** Five tries; the sixth waits. */
const BRAKE: Brake = { ...CALM, freeFailures: 4 };

/** What is guessed: each has a budget of its own, so that one that is used up leaves the others. */
export type Guessed = 'totp' | 'recovery' | 'password';

/**
 * How often somebody may try a code: five times at once, then after 1 s, 2 s … 15 min. For each account,
 * over all networks and processes: whoever gets here has the password or a session. A try is paid for
 * before it is looked at, so that a hundred at the same moment are no more than five.
 */
@Injectable()
export class FactorBudget {
  constructor(
    private readonly db: Database,
    private readonly digest: PrivateDigest,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `factor-throttled`. */
  async spend(userId: string, guessed: Guessed): Promise<void> {
    const key = this.keyOf(userId, guessed);
    const now = this.clock.now();
    const waitMs = await this.db.system(async (tx) => {
      const place = (await lockCounts(tx, [key], now)).get(key);
      const wait = waitMsOf(place, now);
      if (wait > 0) return wait;
      await writeCounts(tx, new Map([[key, afterFailure(place, null, now)]]), now);
      return 0;
    });
    if (waitMs > 0) throw factorThrottled(waitMs);
  }

  /** The try was right: those before it are forgiven. */
  async giveBack(userId: string, guessed: Guessed): Promise<void> {
    await this.db.system((tx) => forgiveCounts(tx, [this.keyOf(userId, guessed)]));
  }

  private keyOf(userId: string, guessed: Guessed): string {
    return this.digest.of('factor', guessed, userId);
  }
}

function waitMsOf(count: Count | undefined, now: number): number {
  if (!count || count.failedAt < now - FORGET_AFTER_MS) return 0;
  return Math.max(0, count.failedAt + waitAfter(count.failures, BRAKE) - now);
}
