/** Which nodes a chart is about, what runs on them, and what things are called. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export interface NodeModule {
  readonly nodeId: string;
  readonly moduleId: string;
}

const OF_CLUSTER = statement<
  { readonly tenantId: string; readonly clusterId: string; readonly module: string | null },
  NodeModule
>(
  'metrics.node-modules',
  `select n.id as "nodeId", found.module_id as "moduleId" from nodes n
   cross join lateral (
     select module_id from desired_modules where tenant_id = n.tenant_id and node_id = n.id
     union
     select module_id from observed_modules where tenant_id = n.tenant_id and node_id = n.id) as found
   join modules m on m.tenant_id = n.tenant_id and m.id = found.module_id
   where n.tenant_id = :tenantId and n.cluster_id = :clusterId and n.revoked_at is null
     and (:module::text is null or m.name = :module)
   order by n.id, found.module_id`,
);

/** What its nodes should run or run, each with each. */
export function nodeModulesOf(
  open: OpenContext,
  clusterId: string,
  module: string | null,
): Promise<NodeModule[]> {
  return open.tx.query(OF_CLUSTER, { tenantId: open.tenantId, clusterId, module });
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

const NAMES = statement<
  {
    readonly tenantId: string;
    readonly nodes: readonly string[];
    readonly modules: readonly string[];
    readonly releases: readonly string[];
  },
  Named
>(
  'metrics.names',
  `select id, name from nodes where tenant_id = :tenantId and id = any(:nodes::uuid[])
   union all
   select id, name from modules where tenant_id = :tenantId and id = any(:modules::uuid[])
   union all
   select id, version from releases where tenant_id = :tenantId and id = any(:releases::uuid[])`,
);

/** Of each id its name; of a release its version. */
export async function namesOf(
  open: OpenContext,
  ids: {
    readonly nodes: readonly string[];
    readonly modules: readonly string[];
    readonly releases: readonly string[];
  },
): Promise<ReadonlyMap<string, string>> {
  const rows = await open.tx.query(NAMES, { tenantId: open.tenantId, ...ids });
  return new Map(rows.map(({ id, name }) => [id, name]));
}
