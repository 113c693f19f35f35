import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { SignedIn } from '../auth/authenticator.js';
import { Standings } from '../permissions/standings.js';
import { SecurityPolicies } from '../security/security-policies.js';
import { lockPerson } from '../users/users.store.js';
import { FactorBudget } from './factor-budget.js';
import { FactorChanges } from './factor-changes.js';
import type { BegunTotp, RecoveryCodesOut } from './factors.dto.js';
import {
  enrolmentNotBegun,
  factorLimit,
  factorNotFound,
  factorRefused,
  lastFactor,
} from './factors.errors.js';
import { factorEnrolled, factorRemoved, recoveryCodesMade } from './factors.events.js';
import {
  beginTotp,
  confirmPendingTotp,
  type FactorKind,
  findPendingTotp,
  listFactors,
  removeFactor,
} from './factors.store.js';
import { qrCodeOf } from './qr-code.js';
import { countRecoveryCodes } from './recovery-codes.store.js';
import { totpContext } from './totp-check.js';
import { newTotpSecret, stepOfCode, totpUri } from './totp.js';

/** Somebody scans and types; a secret that lies about for longer may have been seen. */
const PENDING_MS = 15 * 60_000;
const ISSUER = 'Tidegate';

/** Whose factors, in which session, from where. */
export interface Owner {
  readonly ctx: Context;
  readonly signedIn: SignedIn;
  readonly address: string;
}

/** What a person has beside a password: enrolled, listed, removed. */
@Injectable()
export class FactorsService {
  constructor(
    private readonly db: Database,
    private readonly sealer: Sealer,
    private readonly budget: FactorBudget,
    private readonly changes: FactorChanges,
    private readonly standings: Standings,
    private readonly policies: SecurityPolicies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async status({ userId, tenantId, roles }: SignedIn) {
    const [factors, recoveryCodesLeft] = await this.db.system(
      async (tx) => [await listFactors(tx, userId), await countRecoveryCodes(tx, userId)] as const,
    );
    const isDemanded = await this.policies.demandsFactorOf(tenantId, roles);
    return { factors, recoveryCodesLeft, isDemanded };
  }

  /** Nothing counts until it is confirmed. Throws `factor-limit`. */
  async beginTotp({ userId, username, tenantSlug }: SignedIn, name: string): Promise<BegunTotp> {
    const id = newId();
    const secret = newTotpSecret();
    const uri = totpUri(secret, ISSUER, `${username}@${tenantSlug}`);
    const sealedSecret = this.sealer.seal(secret, totpContext(userId, id));
    const now = new Date(this.clock.now());
    await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      await refuseTooMany(tx, userId, 'totp', limits.totpPerPerson);
      await beginTotp(tx, { userId, id, name, sealedSecret, now });
    });
    return { id, secret, uri, qr: qrCodeOf(uri) };
  }

  /** Throws `enrolment-not-begun`, `factor-refused`, `factor-throttled`. */
  async confirmTotp({ ctx, signedIn, address }: Owner, code: string): Promise<RecoveryCodesOut> {
    const { userId, username } = signedIn;
    const now = this.clock.now();
    const pending = await this.db.system((tx) =>
      findPendingTotp(tx, userId, new Date(now - PENDING_MS)),
    );
    if (!pending) throw enrolmentNotBegun();
    const { id, sealedSecret } = pending;
    await this.budget.spend(userId, 'totp');
    const secret = this.sealer.unseal(sealedSecret, totpContext(userId, id)).toString('utf8');
    const step = stepOfCode(secret, code, now);
    if (step === null) throw factorRefused();
    await this.budget.giveBack(userId, 'totp');
    const enrolled = factorEnrolled(username, { kind: 'totp', factorId: id, address });
    const recoveryCodes = await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      const isFirst = await confirmPendingTotp(tx, { userId, id, step, now: new Date(now) });
      if (!isFirst) throw enrolmentNotBegun();
      await this.db.record(tx, ctx, enrolled);
      const codes = await this.changes.enrolled(tx, signedIn);
      if (codes) await this.db.record(tx, ctx, recoveryCodesMade(username, { address }));
      return codes;
    });
    this.standings.forget(signedIn);
    return { recoveryCodes };
  }

  /** Throws `factor-not-found`, `last-factor`. */
  async remove({ ctx, signedIn, address }: Owner, kind: FactorKind, id: string): Promise<void> {
    const { userId, username, tenantId, roles } = signedIn;
    const isDemanded = await this.policies.demandsFactorOf(tenantId, roles);
    const removed = factorRemoved(username, { kind, factorId: id, address });
    await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      if (!(await removeFactor(tx, { userId, id, kind }))) throw factorNotFound();
      const left = (await listFactors(tx, userId)).length;
      if (left === 0 && isDemanded) throw lastFactor();
      await this.db.record(tx, ctx, removed);
      await this.changes.removed(tx, signedIn, left);
    });
    this.standings.forget(signedIn);
  }

  /** Those before stop working. Throws `factor-not-found`: there is nothing to recover. */
  async renewRecoveryCodes({ ctx, signedIn, address }: Owner): Promise<RecoveryCodesOut> {
    const { userId, username } = signedIn;
    const recoveryCodes = await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      if ((await listFactors(tx, userId)).length === 0) throw factorNotFound();
      await this.db.record(tx, ctx, recoveryCodesMade(username, { address }));
      return this.changes.newCodes(tx, userId);
    });
    return { recoveryCodes };
  }
}

/** Under the person's lock. */
export async function refuseTooMany(
  tx: SystemTransaction,
  userId: string,
  kind: FactorKind,
  most: number,
): Promise<void> {
  const have = (await listFactors(tx, userId)).filter((factor) => factor.kind === kind);
  if (have.length >= most) throw factorLimit(most);
}
