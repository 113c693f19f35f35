import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import {
  findUnusedCredential,
  takeCredential,
} from '../../platform/credentials/credentials.store.js';
import { Database } from '../../platform/database/database.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import type { RequestOrigin } from '../auth/authentication-audit.js';
import type { SignedIn } from '../auth/authenticator.js';
import { oneTimeTokenHash } from '../auth/one-time-token.js';
import { endSessionsEverywhere, lockSession } from '../auth/sessions.store.js';
import { TokenGuesses } from '../auth/token-guesses.js';
import { AccountAudit } from '../users/account-audit.js';
import { AccountNotices } from '../users/account-notices.js';
import { Accounts } from '../users/accounts.js';
import { type Account, lockPerson, setPasswordHash } from '../users/users.store.js';
import { NewPasswords } from './new-passwords.js';
import { OwnPassword } from './own-password.js';
import { resetInvalid } from './password.errors.js';
import type { ChangePasswordBody, ConfirmResetBody } from './passwords.dto.js';
import { passwordChanged, passwordReset } from './passwords.events.js';

/** Another password for an account, and what ends with the old one. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly db: Database,
    private readonly own: OwnPassword,
    private readonly newPasswords: NewPasswords,
    private readonly guesses: TokenGuesses,
    private readonly accounts: Accounts,
    private readonly audit: AccountAudit,
    private readonly notices: AccountNotices,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Ends all other sessions of the person, in all tenants. Throws `password-wrong`, `password-refused`,
   * `login-throttled`, `login-busy`.
   */
  async change(
    { userId, sessionId }: SignedIn,
    { currentPassword, newPassword }: ChangePasswordBody,
    origin: RequestOrigin,
  ): Promise<void> {
    const account = await this.own.prove(userId, currentPassword, origin);
    const { username, email } = account;
    const passwordHash = await this.newPasswords.hash(newPassword, [username, email]);
    const now = this.now();
    const { address, requestId } = origin;
    await this.db.system(async (tx) => {
      await lockPerson(tx, userId);
      // Whoever was signed out while this was under way changes nothing any more.
      if (!(await lockSession(tx, sessionId, now))) throw unauthenticated();
      await setPasswordHash(tx, userId, passwordHash);
      await endSessionsEverywhere(tx, userId, { now, except: sessionId });
      await this.audit.tell(tx, account, requestId, passwordChanged(username, { address }));
    });
    this.notices.tell(account, 'password', address);
  }

  /**
   * Ends all sessions and signs nobody in: a second factor is asked for at the next sign-in as before.
   * Throws `reset-invalid`, `password-refused`, `login-throttled`, `login-busy`.
   */
  async confirmReset(
    { token, newPassword }: ConfirmResetBody,
    origin: RequestOrigin,
  ): Promise<void> {
    const account = await this.guesses.run(origin, resetInvalid, async () => {
      const hash = oneTimeTokenHash('password-reset', token);
      return hash === null ? null : this.reset(hash, newPassword, origin);
    });
    this.notices.tell(account, 'password', origin.address);
  }

  /** Null: the token is good for nothing. A password that is refused leaves it good. */
  private async reset(
    hash: string,
    newPassword: string,
    { address, requestId }: RequestOrigin,
  ): Promise<Account | null> {
    const shown = { kind: 'password-reset', hash } as const;
    const now = this.now();
    const found = await this.db.system((tx) => findUnusedCredential(tx, shown, now));
    const account = found && (await this.accounts.byId(found.subjectId));
    if (!account || account.isDisabled) return null;
    const { id, username, email } = account;
    const passwordHash = await this.newPasswords.hash(newPassword, [username, email]);
    const isDone = await this.db.system(async (tx) => {
      await lockPerson(tx, id);
      if (!(await takeCredential(tx, shown, now))) return false;
      await setPasswordHash(tx, id, passwordHash);
      await endSessionsEverywhere(tx, id, { now, except: null });
      await this.audit.tell(tx, account, requestId, passwordReset(username, { address }));
      return true;
    });
    return isDone ? account : null;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
