import { Injectable } from '@nestjs/common';
import { hostOf } from '../../platform/http/client-address.js';
import { RateLimits } from '../../platform/rate-limits/rate-limits.js';
import { accountKey } from '../users/account-name.js';
import { PrivateDigest } from './private-digest.js';

/**
 * How often anybody may try to sign in to one name from one address, right or wrong. Never the name
 * alone, nor with the network around the address: a stranger who knows it, or a neighbour, could keep
 * its bearer out. What a network guesses is counted by SignInThrottle.
 */
@Injectable()
export class SignInAttempts {
  constructor(
    private readonly rates: RateLimits,
    private readonly digest: PrivateDigest,
  ) {}

  /** Whether or not somebody bears the name. Throws `rate-limited`. */
  async count(username: string, address: string): Promise<void> {
    const of = this.digest.of('attempt', accountKey(username), hostOf(address));
    await this.rates.take([{ limit: 'account', of }]);
  }
}
