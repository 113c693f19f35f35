import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { contextOfPerson } from '../auth/authentication-audit.js';
import { FactorBudget } from './factor-budget.js';
import { factorRefused, factorRequired, passkeyRefused } from './factors.errors.js';
import { passkeyCopied } from './factors.events.js';
import { listFactors } from './factors.store.js';
import type { ChallengePurpose } from './passkey-challenges.js';
import { type CheckedAssertion, PasskeyCheck } from './passkey-check.js';
import type { PasskeyAssertion } from './passkeys.dto.js';
import { plainRecoveryCode, recoveryCodeDigest } from './recovery-codes.js';
import { countRecoveryCodes, takeRecoveryCode } from './recovery-codes.store.js';
import { TotpCheck } from './totp-check.js';

/** What somebody shows beside the password. */
export interface ShownFactor {
  readonly totp?: string | undefined;
  readonly recoveryCode?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
}

export interface FactorAnswer {
  readonly hasFactor: boolean;
  /** Null: none was used. */
  readonly recoveryCodesLeft: number | null;
}

/** Whose it is, and where a misuse is written down. */
export interface Shower {
  readonly userId: string;
  readonly username: string;
  readonly tenantId: string;
  readonly requestId: string;
  readonly address: string;
}

/** Second factors as they are shown. Whoever has one is let in with nothing less. */
@Injectable()
export class FactorProofs {
  constructor(
    private readonly db: Database,
    private readonly totp: TotpCheck,
    private readonly passkeys: PasskeyCheck,
    private readonly budget: FactorBudget,
  ) {}

  /**
   * After the right password, never before: the answer tells that it was right. Throws `factor-required`,
   * `factor-refused`, `factor-throttled`, `passkey-refused`.
   */
  async atSignIn(shower: Shower, shown: ShownFactor): Promise<FactorAnswer> {
    const { userId } = shower;
    const factors = await this.db.system((tx) => listFactors(tx, userId));
    if (factors.length === 0) return { hasFactor: false, recoveryCodesLeft: null };
    const { totp, passkey, recoveryCode } = shown;
    if (passkey) await this.showPasskey(shower, passkey, { kind: 'sign-in' });
    else if (totp !== undefined) await this.totp.accept(userId, totp);
    else if (recoveryCode !== undefined) {
      return {
        hasFactor: true,
        recoveryCodesLeft: await this.useRecoveryCode(userId, recoveryCode),
      };
    } else {
      const kinds = new Set(factors.map(({ kind }) => kind));
      throw factorRequired([...[...kinds].sort().reverse(), 'recovery-code']);
    }
    return { hasFactor: true, recoveryCodesLeft: null };
  }

  async hasAny(userId: string): Promise<boolean> {
    return (await this.db.system((tx) => listFactors(tx, userId))).length > 0;
  }

  /** Throws `passkey-refused`, also for the passkey of somebody else. */
  async showPasskey(
    shower: Shower,
    assertion: PasskeyAssertion,
    purpose: ChallengePurpose,
  ): Promise<void> {
    const checked = await this.passkeys.check(assertion, purpose);
    if (checked.passkey.userId !== shower.userId) throw passkeyRefused();
    await this.accept(shower, checked);
  }

  /** Throws `passkey-refused` for what was shown before, and for a copy, which is told the tenant. */
  async accept(shower: Shower, checked: CheckedAssertion): Promise<void> {
    const outcome = await this.passkeys.accept(checked);
    if (outcome === 'accepted') return;
    if (outcome === 'copied') await this.recordCopy(shower, checked.passkey.id);
    throw passkeyRefused();
  }

  private async useRecoveryCode(userId: string, typed: string): Promise<number> {
    await this.budget.spend(userId, 'recovery');
    const plain = plainRecoveryCode(typed);
    const left = await this.db.system(async (tx) => {
      if (plain === null) return null;
      const isTaken = await takeRecoveryCode(tx, userId, recoveryCodeDigest(userId, plain));
      return isTaken ? countRecoveryCodes(tx, userId) : null;
    });
    if (left === null) throw factorRefused();
    await this.budget.giveBack(userId, 'recovery');
    return left;
  }

  private async recordCopy(shower: Shower, factorId: string): Promise<void> {
    const { userId, username, tenantId, requestId, address } = shower;
    const ctx = contextOfPerson({ id: userId, username }, tenantId, requestId);
    const event = passkeyCopied(username, { kind: 'passkey', factorId, address }, 'denied');
    await this.db.transaction(ctx, (open) => open.record(event));
  }
}
