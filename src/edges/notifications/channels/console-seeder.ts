import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { DEFAULT_TENANT } from '../../../tenancy/tenants/platform-tenant.js';
import { TenantSeeder, TenantSeeders } from '../../../tenancy/tenants/tenant-seeder.js';
import { tenantSlugOf } from '../../../tenancy/tenants/tenants.queries.js';
import { ChannelSecrets } from './channel-secrets.js';
import { addSeeded } from './channels.store.js';

const NAME = 'console';

/**
 * Gives the tenant `default` a channel to the log: an installation that is connected to nothing has one. At
 * every start, as with the built-in environments: who does not want it disables it.
 */
@Injectable()
export class ConsoleSeeder extends TenantSeeder {
  constructor(
    private readonly database: Database,
    private readonly secrets: ChannelSecrets,
    seeders: TenantSeeders,
  ) {
    super();
    seeders.register(this);
  }

  seedTenant(ctx: Context): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      if ((await tenantSlugOf(open)) !== DEFAULT_TENANT.slug) return;
      const id = newId();
      const sealedSecrets = this.secrets.seal(id, {});
      await addSeeded(open, { id, name: NAME, kind: 'console', sealedSecrets });
    });
  }
}
