import { Injectable } from '@nestjs/common';
import { loginThrottled } from '../tenancy.errors.js';
import { AuthenticationAudit, type RequestOrigin } from './authentication-audit.js';
import { SignInQueue } from './sign-in-queue.js';
import { SignInThrottle } from './sign-in-throttle.js';

/** Never an accountKey: those have no space. */
const ACCOUNT = 'one time tokens';

/**
 * Wrong one-time tokens cost what wrong passwords cost: the same budgets of the same addresses, and the
 * same turns. They could not be guessed without; but whoever tries is slowed and told of.
 */
@Injectable()
export class TokenGuesses {
  constructor(
    private readonly throttle: SignInThrottle,
    private readonly queue: SignInQueue,
    private readonly audit: AuthenticationAudit,
  ) {}

  /** `use` null: the token is none. Throws `refusal`, `login-throttled`, `login-busy`. */
  async run<T>(
    { address, ...origin }: RequestOrigin,
    refusal: () => Error,
    use: () => Promise<T | null>,
  ): Promise<T> {
    // As from a known network: nobody waits for what others have guessed elsewhere.
    const attempt = { account: ACCOUNT, address, isKnown: true };
    return this.queue.run(ACCOUNT, address, async () => {
      const waits = await this.throttle.waits(attempt);
      if (waits.addressMs > 0) throw loginThrottled('address', waits.addressMs);
      if (waits.accountMs > 0) throw loginThrottled('address', waits.accountMs);
      const used = await use();
      if (used !== null) return used;
      const usedUp = await this.throttle.failed(attempt);
      if (usedUp.address) await this.audit.addressThrottled({ address, ...origin });
      throw refusal();
    });
  }
}
