import { Injectable } from '@nestjs/common';
import { messageOf } from '../../kernel/errors.js';
import { Logger } from '../../platform/logging/logger.js';
import { networkOf } from '../../platform/http/client-address.js';
import { AccountMail, type ChangeLetter } from '../account-mail.js';
import type { Account } from './users.store.js';

/** Tells people by mail what has become of their accounts: whoever did not do it themselves must hear. */
@Injectable()
export class AccountNotices {
  constructor(
    private readonly mail: AccountMail,
    private readonly logger: Logger,
  ) {}

  /** Best effort, and nobody waits for it: what it tells of is done. `address`: null, it is not theirs. */
  tell(
    { email }: Pick<Account, 'email'>,
    change: ChangeLetter['change'],
    address: string | null,
  ): void {
    if (!this.mail.isOn || !email) return;
    const network = address === null ? null : networkOf(address);
    this.mail.sendAccountChanged({ to: email, change, network }).catch((error: unknown) => {
      this.logger.warn({ error: messageOf(error) }, 'a notice about an account was not sent');
    });
  }
}
