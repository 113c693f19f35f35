import { Injectable } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { loginFailed, loginThrottled } from '../tenancy.errors.js';
import { accountKey } from '../users/account-name.js';
import { Accounts } from '../users/accounts.js';
import type { Account } from '../users/users.store.js';
import { AuthenticationAudit, type RequestOrigin } from './authentication-audit.js';
import type { LoginBody } from './authentication.dto.js';
import { chooseTenant, type TenantChoice } from './choose-tenant.js';
import { type FactorAnswer, FactorProofs } from '../factors/factor-proofs.js';
import { factorRefused, passkeyRefused } from '../factors/factors.errors.js';
import { KnownNetworks } from './known-networks.js';
import { PasswordHasher } from './password-hasher.js';
import { SignInThrottle, type Attempt } from './sign-in-throttle.js';

/** Of how many failures the usual time is made. */
const SMOOTHING = 8;
/** A refusal is held back no longer, however slow everything has become. */
const PRETENCE_MS = 1_000;

export interface Passed {
  readonly account: Account;
  readonly tenant: TenantChoice;
  /** What was shown beside the password. */
  readonly factor: FactorAnswer;
}

/** What is left to ask once the password was right. */
interface AfterPassword<Entered, Answer> {
  /** Null: they may not enter, and hear what a wrong password hears. */
  readonly enter: (account: Account) => Entered | null;
  /** What it throws is no success: failures before it are not forgiven. */
  readonly settle: (entered: Entered, attempt: Attempt) => Promise<Answer>;
}

/** A refusal for which nothing was hashed: it is held back as if something had been. */
export class UncheckedRefusal extends Error {
  constructor(readonly refusal: Error) {
    super(refusal.message);
  }
}

/**
 * Who somebody is, by name and password, within the budgets of guessing. The same work and the same
 * refusal whether or not there is such an account.
 */
@Injectable()
export class PasswordCheck {
  /** How long hashing and writing a failure down take here and now. */
  private usualMs = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
    private readonly throttle: SignInThrottle,
    private readonly known: KnownNetworks,
    private readonly audit: AuthenticationAudit,
    private readonly factors: FactorProofs,
  ) {}

  /**
   * Throws `login-failed`, `login-throttled` or, after the right password, `tenant-required` and what
   * is to be said of a second factor.
   */
  async pass(body: LoginBody, origin: RequestOrigin): Promise<Passed> {
    return this.check(body, origin, {
      enter: (account) => {
        const tenant = chooseTenant(account.tenants, body.tenant);
        return tenant && { account, tenant };
      },
      settle: async (entered, attempt) => {
        const factor = await this.factor(attempt, entered, { body, origin });
        return { account: entered.account, tenant: entered.tenant, factor };
      },
    });
  }

  /**
   * The account of that name or address and password, wherever it may enter. Nobody is let in by it: a
   * second factor is not asked for. Throws `login-failed`, `login-throttled`.
   */
  async prove(
    shown: Pick<LoginBody, 'username' | 'password'>,
    origin: RequestOrigin,
  ): Promise<Account> {
    return this.check(shown, origin, {
      enter: (account) => account,
      settle: (account) => Promise.resolve(account),
    });
  }

  private async check<Entered, Answer>(
    body: Pick<LoginBody, 'username' | 'password'>,
    origin: RequestOrigin,
    { enter, settle }: AfterPassword<Entered, Answer>,
  ): Promise<Answer> {
    const { address } = origin;
    const key = accountKey(body.username);
    const account = await this.accounts.find(key);
    const attempt = { account: key, address, isKnown: this.known.isKnown(account, address) };
    const waits = await this.throttle.waits(attempt);
    const fromAddress = waits.addressMs > 0 ? loginThrottled('address', waits.addressMs) : null;
    if (fromAddress && !attempt.isKnown) throw new UncheckedRefusal(fromAddress);
    if (waits.accountMs > 0) throw fromAddress ?? loginThrottled('account', waits.accountMs);

    const begun = performance.now();
    const matches = await this.passwords.verify(account?.passwordHash ?? null, body.password);
    const entered = account && matches && !account.isDisabled ? enter(account) : null;
    if (!account || entered === null) {
      await this.failed(attempt, account, origin);
      this.usualMs += (performance.now() - begun - this.usualMs) / SMOOTHING;
      // Else an address that has spent its budget could ask which names are known there.
      throw fromAddress ?? loginFailed();
    }
    const answer = await settle(entered, attempt);
    await this.throttle.succeeded(attempt);
    await this.known.learn(account.id, address);
    await this.renewHash(account.id, account.passwordHash, body.password);
    return answer;
  }

  /** A wrong one is a failure like a wrong password, and forgives nothing; none at all is a question. */
  private async factor(
    attempt: Attempt,
    { account, tenant }: Omit<Passed, 'factor'>,
    { body, origin }: { readonly body: LoginBody; readonly origin: RequestOrigin },
  ): Promise<FactorAnswer> {
    const { id: userId, username } = account;
    const { address, requestId } = origin;
    const shower = { userId, username, tenantId: tenant.id, requestId, address };
    try {
      return await this.factors.atSignIn(shower, body);
    } catch (error) {
      if (isWrongFactor(error)) await this.failed(attempt, account, origin);
      throw error;
    }
  }

  /** Takes as long as a failure, and no processor: the time of a refusal must tell nothing. */
  async pretend(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(this.usualMs, PRETENCE_MS)));
  }

  private async failed(
    attempt: Attempt,
    account: Account | null,
    origin: RequestOrigin,
  ): Promise<void> {
    const usedUp = await this.throttle.failed(attempt);
    if (usedUp.account) await this.audit.accountAttacked(account, origin);
    if (usedUp.address) await this.audit.addressThrottled(origin);
    // Told once an hour as an attack, not ten thousand times as a failure.
    if (!usedUp.isAttacked) await this.audit.loginFailed(account, origin);
  }

  private async renewHash(userId: string, former: string | null, password: string): Promise<void> {
    if (former === null || !this.passwords.isOutdated(former)) return;
    const renewed = await this.passwords.hash(password);
    await this.accounts.replaceHash(userId, former, renewed);
  }
}

function isWrongFactor(error: unknown): boolean {
  const wrong: readonly string[] = [factorRefused.code, passkeyRefused.code];
  return error instanceof DomainError && wrong.includes(error.code);
}
