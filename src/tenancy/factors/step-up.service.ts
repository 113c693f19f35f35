import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import { PasswordHasher } from '../auth/password-hasher.js';
import { Sessions } from '../auth/sessions.js';
import { PROOF_MS } from '../permissions/proof-age.js';
import { Standings } from '../permissions/standings.js';
import { Accounts } from '../users/accounts.js';
import { FactorBudget } from './factor-budget.js';
import { FactorProofs } from './factor-proofs.js';
import type { StepUpBody } from './factors.dto.js';
import { factorRefused, stepUpUnsuitable } from './factors.errors.js';
import { steppedUp } from './factors.events.js';
import type { Owner } from './factors.service.js';
import { PasskeyCheck } from './passkey-check.js';
import { type ProofMethod, proofMethodsOf } from './proof-methods.js';
import { TotpCheck } from './totp-check.js';

/** A fresh proof that it is they, kept in the session: for all processes at once. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly db: Database,
    private readonly standings: Standings,
    private readonly sessions: Sessions,
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
    private readonly budget: FactorBudget,
    private readonly totp: TotpCheck,
    private readonly passkeys: PasskeyCheck,
    private readonly proofs: FactorProofs,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  passkeyOptions({ signedIn: { userId, sessionId } }: Owner) {
    return this.passkeys.options({ kind: 'step-up', sessionId }, userId);
  }

  /** Throws `step-up-unsuitable`, `factor-refused`, `factor-throttled`, `passkey-refused`. */
  async stepUp(owner: Owner, body: StepUpBody) {
    const { signedIn, ctx, address } = owner;
    const standing = await this.standings.ask(signedIn);
    if (!standing?.isSessionOpen) throw unauthenticated();
    const methods = proofMethodsOf(standing);
    const method = methodOf(body);
    if (!methods.includes(method)) throw stepUpUnsuitable(methods);
    await this.show(owner, body);
    const provedAt = this.clock.now();
    const facts = method === 'password' ? { provedAt } : { provedAt, hasFactor: true };
    await this.db.system(async (tx) => {
      if (!(await this.sessions.amend(tx, signedIn.sessionId, facts))) throw unauthenticated();
      await this.db.record(tx, ctx, steppedUp(signedIn.username, { address, method }));
    });
    this.standings.forget(signedIn);
    return { provedAt: new Date(provedAt), goodUntil: new Date(provedAt + PROOF_MS) };
  }

  private async show({ signedIn, ctx, address }: Owner, body: StepUpBody): Promise<void> {
    const { userId, username, tenantId, sessionId } = signedIn;
    if (body.totp !== undefined) return this.totp.accept(userId, body.totp);
    if (body.passkey) {
      const shower = { userId, username, tenantId, requestId: ctx.requestId, address };
      return this.proofs.showPasskey(shower, body.passkey, { kind: 'step-up', sessionId });
    }
    await this.showPassword(userId, body.password ?? '');
  }

  private async showPassword(userId: string, password: string): Promise<void> {
    await this.budget.spend(userId, 'password');
    const account = await this.accounts.byId(userId);
    if (!(await this.passwords.verify(account?.passwordHash ?? null, password))) {
      throw factorRefused();
    }
    await this.budget.giveBack(userId, 'password');
  }
}

function methodOf({ totp, passkey }: StepUpBody): ProofMethod {
  if (totp !== undefined) return 'totp';
  return passkey ? 'passkey' : 'password';
}
