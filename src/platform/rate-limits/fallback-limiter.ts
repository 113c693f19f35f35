import type { Clock } from '../../kernel/clock.js';
import { MemoryLimiter } from './memory-limiter.js';
import { type Charge, RateLimiter, type Verdict } from './rate-limiter.js';

/** Each process counts alone then: guesses get so much less, since there are several processes. */
const GUESSES_DIVIDED_BY = 2;

/**
 * Counts together while it can, and in this process alone while it cannot: a Redis that is away lets
 * nobody in without limits, and turns nobody away.
 */
export class FallbackLimiter extends RateLimiter {
  private readonly local: MemoryLimiter;

  constructor(
    private readonly shared: RateLimiter,
    clock: Clock,
    private readonly countedAlone: () => void,
  ) {
    super();
    this.local = new MemoryLimiter(clock);
  }

  async take(charges: readonly Charge[]): Promise<Verdict> {
    try {
      return await this.shared.take(charges);
    } catch {
      this.countedAlone();
      return this.local.take(charges.map(stricter));
    }
  }

  override open(): void {
    this.shared.open();
  }

  override close(): void {
    this.shared.close();
  }
}

function stricter(charge: Charge): Charge {
  if (!charge.isGuess) return charge;
  return { ...charge, perMinute: Math.ceil(charge.perMinute / GUESSES_DIVIDED_BY) };
}
