import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { DriversModule } from '../../drivers/drivers.module.js';
import { artifactKey, type ObjectStore } from '../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../drivers/storage/object-store.token.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { TenantPurger, TenantPurgers } from '../../tenancy/tenant-tasks/tenant-purger.js';
import { TenantPurgersModule } from '../../tenancy/tenant-tasks/tenant-tasks.module.js';
import { keptArtifacts, noteArtifactGone } from './artifacts.store.js';

/** Objects in one turn: the task is written down after each. */
const OBJECTS = 50;

/** Takes the artifacts of a tenant out of the store, before the rows that name them go. */
@Injectable()
export class ArtifactPurge extends TenantPurger implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly purgers: TenantPurgers,
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
  ) {
    super();
  }

  onModuleInit(): void {
    this.purgers.register(this);
  }

  async purgeTenant(ctx: Context): Promise<boolean> {
    const digests = await this.database.transaction(ctx, (open) => keptArtifacts(open, OBJECTS));
    for (const digest of digests) {
      await this.store.delete(artifactKey(ctx.tenantId, digest));
      await this.database.transaction(ctx, (open) => noteArtifactGone(open, digest));
    }
    return digests.length < OBJECTS;
  }
}

@Module({ imports: [DriversModule, TenantPurgersModule], providers: [ArtifactPurge] })
export class ArtifactPurgeModule {}
