import { Injectable } from '@nestjs/common';
import { networksOf } from '../../kernel/networks.js';
import { Config } from '../../platform/config/config.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { changing } from '../../platform/events/changing.js';
import { SecurityPolicyEntity } from './security-policy.entity.js';
import { SecurityPolicies } from './security-policies.js';
import type { SecurityPolicyOut, SecurityRules } from './security.dto.js';
import { policyShutsYouOut } from './security.errors.js';
import { securityPolicyChanged } from './security.events.js';

export interface PolicyChange {
  readonly version: number;
  readonly rules: SecurityRules;
  readonly isForced: boolean;
  /** Whose address must be among those allowed; null: it is no member, and need not. */
  readonly makerAddress: string | null;
}

/** What a tenant demands of whoever works in it. */
@Injectable()
export class SecurityService {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly policies: SecurityPolicies,
  ) {}

  get(ctx: Context): Promise<SecurityPolicyOut> {
    return this.database.transaction(ctx, (open) => this.present(open));
  }

  /** Throws `version-mismatch`, `policy-shuts-you-out`. */
  async replace(ctx: Context, change: PolicyChange): Promise<SecurityPolicyOut> {
    const { isForced, makerAddress } = change;
    const mfaRequiredRoles = [...new Set(change.rules.mfaRequiredRoles)].sort();
    const allowedNetworks = [...new Set(change.rules.allowedNetworks)];
    const isShut = makerAddress !== null && isOutside(allowedNetworks, makerAddress);
    if (isShut && !isForced) throw policyShutsYouOut(makerAddress);
    const rules = { mfaRequiredRoles, allowedNetworks };
    const written = await this.database.transaction(ctx, async (open) => {
      const before = await this.present(open);
      const row = await this.write(open, change.version, rules);
      const event = securityPolicyChanged(open.tenantId, { ...rules, isForced: isShut });
      await open.record(changing(event, { before, after: row }));
      return row;
    });
    this.policies.forget(ctx.tenantId);
    return written;
  }

  private async write(
    open: OpenContext,
    version: number,
    rules: SecurityRules,
  ): Promise<SecurityPolicyOut> {
    const { tenantId } = open;
    const repository = open.tx.repository(SecurityPolicyEntity);
    const row =
      version === 0
        ? (await insertNew(repository, { ...rules, tenantId }))[0]
        : await updateOne(repository, { tenantId, version }, rules);
    if (!row) throw versionMismatch((await this.present(open)).version);
    return policyOf(row);
  }

  private async present(open: OpenContext): Promise<SecurityPolicyOut> {
    const { tenantId } = open;
    const row = await open.tx.repository(SecurityPolicyEntity).findOneBy({ tenantId });
    if (row) return policyOf(row);
    return { mfaRequiredRoles: [...this.config.mfaRequiredRoles], allowedNetworks: [], version: 0 };
  }
}

function policyOf({ mfaRequiredRoles, allowedNetworks, version }: SecurityPolicyEntity) {
  return { mfaRequiredRoles, allowedNetworks, version };
}

function isOutside(networks: readonly string[], address: string): boolean {
  return networks.length > 0 && !networksOf(networks)(address);
}
