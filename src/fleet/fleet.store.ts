import { environmentKey } from '../kernel/environment-key.js';
import { newId } from '../kernel/ids.js';
import type { OpenContext } from '../platform/context.js';
import { insertNew } from '../platform/database/entity-rows.js';
import { ClusterEntity } from './clusters/cluster.entity.js';
import { BUILT_IN_CLUSTER, builtInEnvironments } from './environments/built-in-environments.js';
import { EnvironmentEntity } from './environments/environment.entity.js';
import { builtInEnvironmentsAdded } from './environments/environments.events.js';

/**
 * The built-in environments, each with one cluster. Safe to repeat: what is there, changed or not,
 * stays as it is.
 */
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
  const added = environments.map(({ id, name }) => ({ id, name }));
  await open.record(builtInEnvironmentsAdded(tenantId, { environments: added }));
}
