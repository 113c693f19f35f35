import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';

export type LinkPage = 'invitation' | 'password-reset' | 'email-change';

/** Addresses that people open. From what the operator has set, never from what a request says of itself. */
@Injectable()
export class AccountLinks {
  constructor(private readonly config: Config) {}

  /** The token stands behind the `#`: browsers send that to nobody, and proxies log it nowhere. */
  to(page: LinkPage, token: string): string {
    return `${this.config.publicOrigin}/${page}#${token}`;
  }
}
