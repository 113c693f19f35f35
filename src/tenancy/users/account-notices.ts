import { Injectable } from '@nestjs/common';
import { messageOf } from '../../kernel/errors.js';
import { Logger } from '../../platform/logging/logger.js';
import { AccountMail } from '../account-mail.js';
import type { Account } from './users.store.js';

/** Tells people by mail what has become of their accounts: whoever did not do it themselves must hear. */
@Injectable()
export class AccountNotices {
  constructor(
    private readonly mail: AccountMail,
    private readonly logger: Logger,
  ) {}

  /** Best effort, and nobody waits for it: what it tells of is done. */
  tell({ username, email }: Pick<Account, 'username' | 'email'>, what: string): void {
    if (!this.mail.isOn || !email) return;
    this.mail.sendAccountChanged({ to: email, username, what }).catch((error: unknown) => {
      this.logger.warn({ error: messageOf(error) }, 'a notice about an account was not sent');
    });
  }
}
