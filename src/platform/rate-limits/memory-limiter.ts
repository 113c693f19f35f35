import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { BoundedMap } from '../../kernel/bounded-map.js';
import { spentAhead, verdictOf } from './gcra.js';
import { type Charge, RateLimiter, type Verdict } from './rate-limiter.js';

/** Counts in this process alone: standalone mode, and clusters while their Redis is away. */
export class MemoryLimiter extends RateLimiter {
  /** By key, until when it is spent. Those not used for longest make room. */
  private readonly spentUntil = new BoundedMap<string, number>(limits.rateBudgets);

  constructor(private readonly clock: Clock) {
    super();
  }

  take(charges: readonly Charge[]): Promise<Verdict> {
    const now = this.clock.monotonic();
    const ahead = charges.map(({ key }) => (this.spentUntil.get(key) ?? now) - now);
    const verdict = verdictOf(charges, ahead);
    if (verdict.refusal === null) {
      charges.forEach((charge, each) => {
        this.spentUntil.set(charge.key, now + spentAhead(charge, ahead[each]!));
      });
    }
    return Promise.resolve(verdict);
  }
}
