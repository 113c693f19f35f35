import { Injectable } from '@nestjs/common';
import { Permission } from '../../kernel/permission.js';
import { Database } from '../../platform/database/database.js';
import { grantsIn } from '../permissions/bindings.js';
import { Standings } from '../permissions/standings.js';
import { accountKey } from '../users/account-name.js';
import { findAccount } from '../users/users.store.js';
import { emergencyAccountNeeded } from './identity-provider.errors.js';
import type { IdentityProviderRules } from './identity-provider.js';

/** Whether somebody gets in, and can lift the demand, when a required provider does not answer. */
@Injectable()
export class Emergency {
  constructor(
    private readonly database: Database,
    private readonly standings: Standings,
  ) {}

  /** Throws `emergency-account-needed`. */
  async check(tenantId: string, rules: IdentityProviderRules): Promise<void> {
    if (!rules.isRequired || !rules.isEnabled) return;
    for (const username of rules.emergency.usernames) {
      if (await this.canLift(tenantId, username)) return;
    }
    throw emergencyAccountNeeded();
  }

  private async canLift(tenantId: string, username: string): Promise<boolean> {
    const account = await this.database.system((tx) => findAccount(tx, accountKey(username)));
    const isNamed = account && accountKey(account.username) === accountKey(username);
    if (!isNamed) return false;
    const standing = await this.standings.ask({ userId: account.id, tenantId, sessionId: null });
    if (!standing || standing.isDisabled) return false;
    const hasOwnWay = standing.hasPassword || standing.factors.includes('passkey');
    const grants = grantsIn(tenantId, standing.roles);
    return hasOwnWay && grants.find(Permission.IdentityProvidersManage) !== undefined;
  }
}
