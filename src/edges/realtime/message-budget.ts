import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';

/** So many refusals, less those that time forgives, are not a client but a flood. */
const REFUSALS = 200;

/** How many messages one socket may send: a bucket that fills up slowly. */
export class MessageBudget {
  private tokens: number = limits.socketMessagesBurst;
  private refusals = 0;
  private filledAt: number;

  constructor(private readonly clock: Clock) {
    this.filledAt = clock.monotonic();
  }

  /** `flood`: cut the socket. */
  take(): 'taken' | 'refused' | 'flood' {
    const now = this.clock.monotonic();
    const filled = ((now - this.filledAt) / 1000) * limits.socketMessagesPerSecond;
    this.filledAt = now;
    this.tokens = Math.min(limits.socketMessagesBurst, this.tokens + filled);
    this.refusals = Math.max(0, this.refusals - filled);
    if (this.tokens >= 1) {
      this.tokens -= 1;
      return 'taken';
    }
    this.refusals += 1;
    return this.refusals > REFUSALS ? 'flood' : 'refused';
  }
}
