import { Injectable } from '@nestjs/common';
import type { Context } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { TenantSeeder, TenantSeeders } from '../tenancy/tenants/tenant-seeder.js';
import { seedFleet } from './fleet.store.js';

/** Puts the built-in environments, each with one cluster, into a tenant that lacks them. */
@Injectable()
export class FleetSeeder extends TenantSeeder {
  constructor(
    private readonly database: Database,
    seeders: TenantSeeders,
  ) {
    super();
    seeders.register(this);
  }

  seedTenant(ctx: Context): Promise<void> {
    return this.database.transaction(ctx, seedFleet);
  }
}
