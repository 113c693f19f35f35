import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import {
  findUnusedCredential,
  issueCredential,
  takeCredential,
} from '../../platform/credentials/credentials.store.js';
import { Database } from '../../platform/database/database.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import { changing } from '../../platform/events/changing.js';
import { AccountMail } from '../account-mail.js';
import { contextOfPerson, type RequestOrigin } from '../auth/authentication-audit.js';
import type { SignedIn } from '../auth/authenticator.js';
import { newOneTimeToken, oneTimeTokenHash } from '../auth/one-time-token.js';
import { TokenGuesses } from '../auth/token-guesses.js';
import { OwnPassword } from '../passwords/own-password.js';
import { mailIsOff } from '../passwords/password.errors.js';
import { ResetBudgets } from '../passwords/reset-budgets.js';
import { AccountAudit } from '../users/account-audit.js';
import { AccountLinks } from '../users/account-links.js';
import { AccountNotices } from '../users/account-notices.js';
import { accountKey } from '../users/account-name.js';
import { Accounts } from '../users/accounts.js';
import { type Account, lockPerson, setAccountEmail, setDisplayName } from '../users/users.store.js';
import type { ChangeAccountBody, ChangeEmailBody, OwnAccount } from './account.dto.js';
import { emailChangeInvalid, emailTaken } from './account.errors.js';
import { accountRenamed, emailChanged, emailChangeRequested } from './account.events.js';

/** A person's own account, whichever tenant they are in. */
@Injectable()
export class AccountService {
  constructor(
    private readonly db: Database,
    private readonly accounts: Accounts,
    private readonly own: OwnPassword,
    private readonly guesses: TokenGuesses,
    private readonly budgets: ResetBudgets,
    private readonly mail: AccountMail,
    private readonly links: AccountLinks,
    private readonly notices: AccountNotices,
    private readonly audit: AccountAudit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async get({ userId }: SignedIn): Promise<OwnAccount> {
    const account = await this.accounts.byId(userId);
    if (!account) throw unauthenticated();
    const { id, username, email, displayName, passwordHash } = account;
    return { id, username, email, displayName, hasPassword: passwordHash !== null };
  }

  async change(
    signedIn: SignedIn,
    { displayName }: ChangeAccountBody,
    { address, requestId }: RequestOrigin,
  ): Promise<OwnAccount> {
    const account = await this.accounts.byId(signedIn.userId);
    if (!account) throw unauthenticated();
    const before = { displayName: account.displayName };
    const event = changing(accountRenamed(account.username, { address }), {
      before,
      after: { displayName },
    });
    await this.db.system(async (tx) => {
      await lockPerson(tx, account.id);
      await setDisplayName(tx, account.id, displayName);
      await this.audit.tell(tx, account, requestId, event);
    });
    return this.get(signedIn);
  }

  /**
   * Mails a link to the new address; until it is opened the old one stays. Throws `mail-is-off`,
   * `password-wrong`, `reset-throttled`, `login-throttled`, `login-busy`.
   */
  async changeEmail(
    { userId, username, tenantId }: SignedIn,
    { email, password }: ChangeEmailBody,
    origin: RequestOrigin,
  ): Promise<void> {
    if (!this.mail.isOn) throw mailIsOff();
    await this.own.prove(userId, password, origin);
    await this.budgets.spend(accountKey(email), origin.address);
    const { text, hash } = newOneTimeToken('email-change');
    const issuedAt = this.now();
    const lifetimeMs = limits.mailedProofMs;
    const ctx = contextOfPerson({ id: userId, username }, tenantId, origin.requestId);
    await this.db.transaction(ctx, async (open) => {
      await issueCredential(open, {
        kind: 'email-change',
        hash,
        subjectId: userId,
        data: { email },
        lifetimeMs,
        issuedAt,
        goodAtOnce: null,
      });
      await open.record(emailChangeRequested(username, { address: origin.address }));
    });
    const expiresAt = new Date(issuedAt.getTime() + lifetimeMs);
    const link = this.links.to('email-change', text);
    await this.mail.sendEmailConfirmation({ to: email, link, expiresAt });
  }

  /** Throws `email-change-invalid`, `email-taken`, `login-throttled`, `login-busy`. */
  async confirmEmail(token: string, origin: RequestOrigin): Promise<void> {
    const before = await this.guesses.run(origin, emailChangeInvalid, async () => {
      const hash = oneTimeTokenHash('email-change', token);
      return hash === null ? null : this.takeEmail(hash, origin);
    });
    const { address } = origin;
    // To the old address: whoever loses it must hear.
    this.notices.tell(before, 'email', address);
  }

  /** The account as it was; null: the token is good for nothing. */
  private async takeEmail(hash: string, origin: RequestOrigin): Promise<Account | null> {
    const shown = { kind: 'email-change', hash } as const;
    const now = this.now();
    const found = await this.db.system((tx) => findUnusedCredential(tx, shown, now));
    const account = found && (await this.accounts.byId(found.subjectId));
    if (!account || account.isDisabled) return null;
    const { email } = found.data as { email: string };
    const isDone = await this.db.system(async (tx) => {
      await lockPerson(tx, account.id);
      if (!(await takeCredential(tx, shown, now))) return false;
      // Thrown in here: the link stays good for who can free the address.
      if (!(await setAccountEmail(tx, account.id, email))) throw emailTaken();
      const { address, requestId } = origin;
      const changed = emailChanged(account.username, { address });
      const change = { before: { email: account.email }, after: { email } };
      await this.audit.tell(tx, account, requestId, changing(changed, change));
      return true;
    });
    return isDone ? account : null;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
