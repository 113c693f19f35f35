import { Injectable } from '@nestjs/common';
import type { SignInFacts } from '../auth/refresh-token.js';
import { SignInAcceptance } from '../identity-providers/sign-in-acceptance.js';
import type { Standing } from '../permissions/standings.queries.js';
import { Entrance } from '../security/entrance.js';
import { signInRefused } from './account.errors.js';

/** Whether a tenant accepts how a session began, when its person comes over from another tenant. */
@Injectable()
export class TenantEntrance {
  constructor(
    private readonly acceptance: SignInAcceptance,
    private readonly entrance: Entrance,
  ) {}

  /** Throws `sign-in-refused`, `provider-sign-in-needed`. */
  async check(
    tenantId: string,
    { username, roles }: Pick<Standing, 'username' | 'roles'>,
    signIn: SignInFacts,
  ): Promise<void> {
    if (!(await this.acceptance.isAccepted(tenantId, signIn))) throw signInRefused();
    await this.entrance.checkProvider({ tenantId, username, roles, signIn });
  }
}
