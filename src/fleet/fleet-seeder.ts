import { Injectable } from '@nestjs/common';
import { newId } from '../kernel/ids.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { insertNew } from '../platform/database/entity-rows.js';
import { TenantSeeder, TenantSeeders } from '../tenancy/tenants/tenant-seeder.js';
import { ClusterEntity } from './clusters/cluster.entity.js';
import { BUILT_IN_CLUSTER, builtInEnvironments } from './environments/built-in-environments.js';
import { EnvironmentEntity } from './environments/environment.entity.js';
import { environmentKey } from './environments/environment.js';

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

/** Safe to repeat: what is there, changed or not, stays as it is. */
export async function seedFleet(open: OpenContext): Promise<void> {
  const { tenantId } = open;
  const environments = await insertNew(
    open.tx.repository(EnvironmentEntity),
    ...builtInEnvironments.map((environment) => ({
      ...environment,
      tenantId,
      id: newId(),
      nameKey: environmentKey(environment.name),
    })),
  );
  if (environments.length === 0) return;
  await open.tx.repository(ClusterEntity).insert(
    environments.map(({ id: environmentId }) => ({
      tenantId,
      id: newId(),
      environmentId,
      name: BUILT_IN_CLUSTER,
      targetKind: 'agent',
    })),
  );
}
