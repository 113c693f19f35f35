import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import {
  acceptTotpStep,
  resealTotpSecret,
  totpFactorsOf,
  type TotpFactor,
} from './factors.store.js';
import { FactorBudget } from './factor-budget.js';
import { factorRefused } from './factors.errors.js';
import { stepOfCode } from './totp.js';

export const totpContext = (userId: string, id: string) => `totp:${userId}:${id}`;

/** Codes of authenticator apps: each step of each app counts once, over all processes. */
@Injectable()
export class TotpCheck {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly budget: FactorBudget,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `factor-refused`, `factor-throttled`. */
  async accept(userId: string, code: string): Promise<void> {
    await this.budget.spend(userId, 'totp');
    for (const factor of await this.db.system((tx) => totpFactorsOf(tx, userId))) {
      if (await this.isAccepted(userId, factor, code)) {
        return this.budget.giveBack(userId, 'totp');
      }
    }
    throw factorRefused();
  }

  private async isAccepted(userId: string, factor: TotpFactor, code: string): Promise<boolean> {
    const { id, sealedSecret } = factor;
    const context = totpContext(userId, id);
    const secret = this.sealer.unseal(sealedSecret, context).toString('utf8');
    const now = this.clock.now();
    const step = stepOfCode(secret, code, now);
    if (step === null) return false;
    return this.db.system(async (tx) => {
      const isFirst = await acceptTotpStep(tx, { userId, id, step, now: new Date(now) });
      if (isFirst && !this.sealer.isCurrent(sealedSecret)) {
        const renewed = this.sealer.seal(secret, context);
        await resealTotpSecret(tx, { userId, id, former: sealedSecret, sealedSecret: renewed });
      }
      return isFirst;
    });
  }
}
