import { Injectable } from '@nestjs/common';
import { newId } from '../kernel/ids.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { TenantSeeder, TenantSeeders } from '../tenancy/tenants/tenant-seeder.js';
import { BUILT_IN_CLUSTER, builtInEnvironments } from './environments/built-in-environments.js';
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
  const rows = builtInEnvironments.map((environment) => ({
    id: newId(),
    clusterId: newId(),
    nameKey: environmentKey(environment.name),
    ...environment,
  }));
  await open.tx.execute(
    `with made as (
       insert into environments (tenant_id, id, name, name_key, defaults, allowed_strategies,
         signature_policy, on_conflict)
       select $1, item.id, item.name, item."nameKey", item.defaults, item."allowedStrategies",
         item."signaturePolicy", item."onConflict"
       from jsonb_to_recordset($2::jsonb) as item (id uuid, name text, "nameKey" text,
         defaults jsonb, "allowedStrategies" text[], "signaturePolicy" text, "onConflict" text)
       on conflict (tenant_id, name_key) do nothing
       returning id
     )
     insert into clusters (tenant_id, id, environment_id, name, target_kind)
     select $1, item."clusterId", item.id, $3, 'agent'
     from jsonb_to_recordset($2::jsonb) as item (id uuid, "clusterId" uuid)
     join made on made.id = item.id`,
    [open.tenantId, JSON.stringify(rows), BUILT_IN_CLUSTER],
  );
}
