import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '../auth/authentication-audit.js';
import { PasswordCheck, UncheckedRefusal } from '../auth/password-check.js';
import { SignInQueue } from '../auth/sign-in-queue.js';
import { loginFailed } from '../tenancy.errors.js';
import { accountKey } from '../users/account-name.js';
import { Accounts } from '../users/accounts.js';
import type { Account } from '../users/users.store.js';
import { passwordWrong } from './password.errors.js';

/** Whether somebody who is signed in knows their password, too: a session alone may be a stolen one. */
@Injectable()
export class OwnPassword {
  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: PasswordCheck,
    private readonly queue: SignInQueue,
  ) {}

  /** Wrong ones count as failed sign-ins. Throws `password-wrong`, `login-throttled`, `login-busy`. */
  async prove(userId: string, password: string, origin: RequestOrigin): Promise<Account> {
    const account = await this.accounts.byId(userId);
    if (!account || account.passwordHash === null) throw passwordWrong();
    const { username } = account;
    try {
      return await this.queue.run(accountKey(username), origin.address, () =>
        this.passwords.prove({ username, password }, origin),
      );
    } catch (error) {
      if (error instanceof UncheckedRefusal) throw error.refusal;
      if ((error as { code?: string }).code === loginFailed.code) throw passwordWrong();
      throw error;
    }
  }
}
