import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { hostOf, networkOf } from '../../platform/http/client-address.js';
import { PrivateDigest } from '../auth/private-digest.js';
import { afterFailure, type Budget, budgetWaitMs } from '../auth/sign-in-budgets.js';
import { lockCounts, writeCounts } from '../auth/sign-in-budgets.store.js';
import { resetThrottled } from './password.errors.js';

const MINUTE_MS = 60_000;
/** Of one mailbox from one network: who does not find the first mail asks again. */
const PLACE: Budget = { atOnce: 3, everyMs: 20 * MINUTE_MS };
/**
 * Of one mailbox, from wherever: it is not to be filled by others. Generous, or who asks in somebody else's
 * name would use up what that one needs.
 */
const MAILBOX: Budget = { atOnce: 12, everyMs: 5 * MINUTE_MS };
/** Of one address, whichever mailboxes it names: an office after a long weekend. */
const HOST: Budget = { atOnce: 20, everyMs: 2 * MINUTE_MS };
const NETWORK: Budget = { atOnce: 60, everyMs: MINUTE_MS };

/** How many links for a new password are mailed. Counted alike whether or not anybody has the address. */
@Injectable()
export class ResetBudgets {
  constructor(
    private readonly db: Database,
    private readonly digest: PrivateDigest,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `reset-throttled`, and then counts nothing. */
  async spend(emailKey: string, address: string): Promise<void> {
    const now = this.clock.now();
    const budgets = new Map<string, Budget>([
      [this.digest.of('reset-place', emailKey, networkOf(address)), PLACE],
      [this.digest.of('reset', emailKey), MAILBOX],
      [this.digest.of('reset-host', hostOf(address)), HOST],
      [this.digest.of('reset-network', networkOf(address)), NETWORK],
    ]);
    const waitMs = await this.db.system(async (tx) => {
      const counts = await lockCounts(tx, [...budgets.keys()], now);
      const waits = [...budgets].map(([key, budget]) => budgetWaitMs(budget, counts.get(key), now));
      const longest = Math.max(...waits);
      if (longest > 0) return longest;
      const spent = [...budgets].map(
        ([key, budget]) => [key, afterFailure(counts.get(key), budget, now)] as const,
      );
      await writeCounts(tx, new Map(spent), now);
      return 0;
    });
    if (waitMs > 0) throw resetThrottled(waitMs);
  }
}
