import type { Clock } from '../../kernel/clock.js';
import { MemoryLimiter } from './memory-limiter.js';
import { type Charge, RateLimiter, type Verdict } from './rate-limiter.js';

/** Of its budget, what somebody may use of each process before all of them are asked. */
const SHARE = 1 / 4;

/**
 * Who asks a little all the time, as every node does, is counted here alone, and only beyond a share of the
 * budget by all processes together: so nobody is asked about those who keep well within it, and whoever
 * does not gets no more than that share from each process beside their budget.
 */
export class SparingLimiter extends RateLimiter {
  private readonly own: MemoryLimiter;

  constructor(
    private readonly shared: RateLimiter,
    clock: Clock,
  ) {
    super();
    this.own = new MemoryLimiter(clock);
  }

  async take(charges: readonly Charge[]): Promise<Verdict> {
    if (charges.length === 0 || !charges.every(({ isSpared }) => isSpared)) {
      return this.shared.take(charges);
    }
    const shares = charges.map((charge) => ({
      ...charge,
      perMinute: Math.max(1, Math.floor(charge.perMinute * SHARE)),
    }));
    const { levels, refusal } = await this.own.take(shares);
    if (refusal !== null) return this.shared.take(charges);
    return {
      levels: levels.map(({ limit, remaining, resetMs }, at) => {
        const { perMinute } = charges[at]!;
        return { limit: perMinute, remaining: perMinute - limit + remaining, resetMs };
      }),
      refusal: null,
    };
  }

  override open(): void {
    this.shared.open();
  }

  override close(): void {
    this.shared.close();
  }
}
