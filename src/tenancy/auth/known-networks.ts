import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { hostOf } from '../../platform/http/client-address.js';
import { type Account, learnNetwork } from '../users/users.store.js';
import { PrivateDigest } from './private-digest.js';

const DAY_MS = 24 * 3_600_000;
/** As long as somebody may be away and come back to the same desk. */
const KEPT_MS = 90 * DAY_MS;
/** Home, office, phone, a few journeys; a row must not grow with every hotel. */
const KEPT_PER_PERSON = 20;

/**
 * From which addresses somebody has signed in: there, guesses that others make do not count. Kept as
 * digests under the person, so that who reads the table learns no address.
 */
@Injectable()
export class KnownNetworks {
  constructor(
    private readonly db: Database,
    private readonly digest: PrivateDigest,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The same work for a name that nobody bears. */
  isKnown(account: Account | null, address: string): boolean {
    const seenAt = account?.knownNetworks[this.keyOf(account.id, address)] ?? 0;
    return seenAt > this.clock.now() - KEPT_MS;
  }

  /** After a right password or refresh token. Written once a day at most. */
  async learn(userId: string, address: string): Promise<void> {
    const now = this.clock.now();
    await this.db.system((tx) =>
      learnNetwork(tx, {
        userId,
        network: this.keyOf(userId, address),
        seenAt: now,
        seenBefore: now - DAY_MS,
        forgetBefore: now - KEPT_MS,
        kept: KEPT_PER_PERSON,
      }),
    );
  }

  private keyOf(userId: string, address: string): string {
    return this.digest.of('known', userId, hostOf(address));
  }
}
