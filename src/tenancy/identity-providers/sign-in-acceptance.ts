import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { SignInFacts } from '../auth/refresh-token.js';
import { isVouchedByTenant } from '../auth/vouching.js';
import { enabledProvider } from './providers.queries.js';

/** Whether a session may go on in another tenant, by how it began. */
@Injectable()
export class SignInAcceptance {
  constructor(private readonly database: Database) {}

  /**
   * What we have checked ourselves, and what the platform's provider has vouched for, every tenant
   * accepts; what a tenant's provider has, that tenant alone. A provider that is gone vouches for nobody.
   */
  async isAccepted(tenantId: string, signIn: SignInFacts): Promise<boolean> {
    const { providerId, providerTenantId } = signIn;
    if (providerId === null) return true;
    if (isVouchedByTenant(signIn) && providerTenantId !== tenantId) return false;
    const provider = await this.database.system((tx) => enabledProvider(tx, providerId));
    return provider?.tenantId === providerTenantId;
  }
}
