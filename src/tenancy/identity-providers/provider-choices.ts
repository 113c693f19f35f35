import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { ChoicesQuery } from './oidc.dto.js';
import { type ProviderChoice, providerChoices } from './providers.queries.js';

/** What the sign-in page offers somebody who says who, or where, they are. */
@Injectable()
export class ProviderChoices {
  constructor(private readonly database: Database) {}

  async find({ email, tenant }: ChoicesQuery): Promise<{ items: readonly ProviderChoice[] }> {
    const domain = email?.includes('@') ? email.slice(email.lastIndexOf('@') + 1) : undefined;
    const by = { tenant: tenant ?? null, domain: domain?.toLowerCase() ?? null };
    const items = await this.database.system((tx) => providerChoices(tx, by, PLATFORM_TENANT.id));
    return { items };
  }
}
