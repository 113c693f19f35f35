import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';
import { TenantDirectory } from '../tenants/tenant-directory.js';
import { EntitlementSource, type Entitlements } from './entitlements.js';

/**
 * What the tenant's tier says, and what it has in place of that. Out of the process's copy, so that a
 * change counts after some seconds; a tenant that is not in it yet is asked for.
 */
@Injectable()
export class TierEntitlements extends EntitlementSource {
  constructor(private readonly tenants: TenantDirectory) {
    super();
  }

  entitlementsOf({ tenantId }: Context): Entitlements | Promise<Entitlements> {
    return this.known(tenantId) ?? this.asked(tenantId);
  }

  /** Whoever is no tenant, or of no tier, has nothing. */
  private async asked(tenantId: string): Promise<Entitlements> {
    await this.tenants.find(tenantId);
    const found = this.known(tenantId);
    if (found) return found;
    throw new Error(`nobody knows what the tenant ${tenantId} may use`);
  }

  private known(tenantId: string): Entitlements | undefined {
    const tenant = this.tenants.of(tenantId);
    const tier = this.tenants.tierOf(tenantId);
    if (!tenant || !tier) return undefined;
    const limits = { ...tier.quotas, ...tenant.quotaOverrides };
    return { version: JSON.stringify(limits), limits };
  }
}
