import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';

interface Account {
  left: number;
  at: number;
}

/**
 * What each host (client-address.ts) may ask without an account: so much at once, and so much per second after that.
 * In this process alone, since what is protected is this process's time.
 */
export class StrangerBudget {
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly clock: Clock) {}

  /** Takes `cost`. Answers the seconds until there is enough again; 0: it was taken. */
  take(host: string, cost = 1): number {
    const account = this.accountOf(host);
    // In the order of their last use, so that the first is the one to forget.
    this.accounts.delete(host);
    this.accounts.set(host, account);
    if (account.left >= cost) {
      account.left -= cost;
      return 0;
    }
    return (cost - account.left) / limits.strangerRequestsPerSecond;
  }

  private accountOf(host: string): Account {
    const now = this.clock.monotonic();
    const known = this.accounts.get(host);
    if (known) {
      const gained = ((now - known.at) / 1000) * limits.strangerRequestsPerSecond;
      known.left = Math.min(limits.strangerRequestsBurst, known.left + gained);
      known.at = now;
      return known;
    }
    if (this.accounts.size >= limits.strangerAddresses) {
      this.accounts.delete(this.accounts.keys().next().value!);
    }
    return { left: limits.strangerRequestsBurst, at: now };
  }
}
