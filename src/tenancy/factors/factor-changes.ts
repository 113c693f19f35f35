import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { SignedIn } from '../auth/authenticator.js';
import { Sessions } from '../auth/sessions.js';
import { endSessionsEverywhere } from '../auth/sessions.store.js';
import { listFactors } from './factors.store.js';
import { newRecoveryCodes, recoveryCodeDigest } from './recovery-codes.js';
import { dropRecoveryCodes, replaceRecoveryCodes } from './recovery-codes.store.js';

/**
 * What belongs to every change of somebody's factors, in its transaction: the first one brings recovery
 * codes, the last one takes them along, and whatever else the person has open ends, in all tenants.
 */
@Injectable()
export class FactorChanges {
  constructor(
    private readonly sessions: Sessions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** After the insert. Returns recovery codes with the first factor, to be shown once. */
  async enrolled(tx: SystemTransaction, { userId, sessionId }: SignedIn): Promise<string[] | null> {
    const isFirst = (await listFactors(tx, userId)).length === 1;
    const codes = isFirst ? await this.newCodes(tx, userId) : null;
    await this.endOthers(tx, userId, sessionId);
    // Enrolling shows the factor: the session that could only enrol is a whole one from here on.
    await this.sessions.amend(tx, sessionId, { hasFactor: true, provedAt: this.clock.now() });
    return codes;
  }

  /** After the delete; `left`: how many there are still. */
  async removed(
    tx: SystemTransaction,
    { userId, sessionId }: SignedIn,
    left: number,
  ): Promise<void> {
    await this.endOthers(tx, userId, sessionId);
    if (left > 0) return;
    await dropRecoveryCodes(tx, userId);
    await this.sessions.amend(tx, sessionId, { hasFactor: false });
  }

  async newCodes(tx: SystemTransaction, userId: string): Promise<string[]> {
    const codes = newRecoveryCodes();
    const digests = codes.map((code) => recoveryCodeDigest(userId, code.replaceAll('-', '')));
    await replaceRecoveryCodes(tx, userId, { digests, now: new Date(this.clock.now()) });
    return codes;
  }

  private async endOthers(tx: SystemTransaction, userId: string, own: string): Promise<void> {
    await endSessionsEverywhere(tx, userId, { except: own, now: new Date(this.clock.now()) });
  }
}
