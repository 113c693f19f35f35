import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import { issueCredential } from '../../platform/credentials/credentials.store.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { AccountMail } from '../account-mail.js';
import { contextOfPerson, type RequestOrigin } from '../auth/authentication-audit.js';
import { BoundedWork } from '../auth/bounded-work.js';
import { newOneTimeToken } from '../auth/one-time-token.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { accountKey } from '../users/account-name.js';
import { AccountLinks } from '../users/account-links.js';
import { Accounts } from '../users/accounts.js';
import { mailIsOff } from './password.errors.js';
import { passwordResetRequested } from './passwords.events.js';
import { ResetBudgets } from './reset-budgets.js';

/** Mails under way; a server of mail that hangs holds no more than these. */
const AT_ONCE = 4;
const WAITING = 200;
/**
 * Links of one person that are good: as many as the budgets let through, so that a stranger who asks breaks
 * none and takes nobody's place.
 */
const GOOD_AT_ONCE = 18;

/**
 * The way back for who has forgotten a password. The answer comes before anybody is looked for, so that
 * neither its words nor its time tell whether an address has an account.
 */
@Injectable()
export class ResetRequests implements OnApplicationShutdown {
  private readonly work = new BoundedWork(AT_ONCE, WAITING);
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly db: Database,
    private readonly accounts: Accounts,
    private readonly budgets: ResetBudgets,
    private readonly mail: AccountMail,
    private readonly links: AccountLinks,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `mail-is-off`, `reset-throttled`: to everybody alike. */
  async request(email: string, origin: RequestOrigin): Promise<void> {
    if (!this.mail.isOn) throw mailIsOff();
    const key = accountKey(email);
    await this.budgets.spend(key, origin.address);
    const sent = this.work
      .run(() => this.send(key, origin))
      .catch((error: unknown) => {
        this.logger.warn({ error: messageOf(error) }, 'a link for a new password was not sent');
      })
      .finally(() => this.underWay.delete(sent));
    this.underWay.add(sent);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  /** Who signs in elsewhere has no password that could be another one. */
  private async send(key: string, { address, requestId }: RequestOrigin): Promise<void> {
    const account = await this.accounts.find(key);
    if (!account?.email || account.isDisabled || account.passwordHash === null) return;
    const { id, username, email: to, tenants } = account;
    const { text, hash } = newOneTimeToken('password-reset');
    const issuedAt = new Date(this.clock.now());
    const lifetimeMs = limits.mailedProofMs;
    const ctx = contextOfPerson(account, tenants[0]?.id ?? PLATFORM_TENANT.id, requestId);
    const isIssued = await this.db.transaction(ctx, async (open) => {
      const expiresAt = await issueCredential(open, {
        kind: 'password-reset',
        hash,
        subjectId: id,
        data: {},
        lifetimeMs,
        issuedAt,
        goodAtOnce: GOOD_AT_ONCE,
      });
      if (expiresAt) await open.record(passwordResetRequested(username, { address }));
      return expiresAt !== undefined;
    });
    if (!isIssued) return;
    const expiresAt = new Date(issuedAt.getTime() + lifetimeMs);
    const link = this.links.to('password-reset', text);
    await this.mail.sendPasswordReset({ to, link, expiresAt });
  }
}
