import { Injectable } from '@nestjs/common';
import type { Context } from '../../platform/context.js';

/**
 * What a module puts into every new tenant (the fleet: its built-in environments). Must be safe to
 * repeat and to run twice at once: a start that was interrupted is simply done again.
 */
export abstract class TenantSeeder {
  /** `ctx` has no open transaction; the seeder opens its own. */
  abstract seedTenant(ctx: Context): Promise<void>;
}

/** Where modules register their seeders, in their constructor or onModuleInit. */
@Injectable()
export class TenantSeeders {
  private readonly seeders: TenantSeeder[] = [];

  register(seeder: TenantSeeder): void {
    this.seeders.push(seeder);
  }

  /** In order of registration; the first failure stops and is thrown. */
  async seed(ctx: Context): Promise<void> {
    for (const seeder of this.seeders) await seeder.seedTenant(ctx);
  }
}
