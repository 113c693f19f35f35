/** The table `module_targets`: what clusters run when nothing is in flight. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ModuleTarget } from '../target.js';

const set = statement<{
  readonly tenantId: string;
  readonly clusterId: string;
  readonly moduleId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly deploymentId: string;
}>(
  'module-targets.set',
  `insert into module_targets as own
     (tenant_id, cluster_id, module_id, release_id, configuration_id, deployment_id)
   values (:tenantId, :clusterId, :moduleId, :releaseId, :configurationId, :deploymentId)
   on conflict (tenant_id, cluster_id, module_id) do update set
     release_id = excluded.release_id, configuration_id = excluded.configuration_id,
     deployment_id = excluded.deployment_id, updated_at = clock_timestamp()
   where own.deployment_id <> excluded.deployment_id`,
);

export async function setModuleTarget(open: OpenContext, target: ModuleTarget): Promise<void> {
  const { clusterId, moduleId, releaseId, configurationId, deploymentId } = target;
  const { tenantId } = open;
  const about = { tenantId, clusterId, moduleId, releaseId, configurationId, deploymentId };
  await open.tx.execute(set, about);
}

export interface MissedTarget {
  readonly moduleId: string;
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
  /** The node was never asked to run the module. */
  readonly isNew: boolean;
}

// A row of the same deployment, or one decided after the target was set, was meant for this node:
// an undo or a cancelled rollout that was left in place.
const MISSED_SQL = `module_targets target
   left join desired_modules desired on desired.tenant_id = :tenantId
     and desired.node_id = node.id and desired.module_id = target.module_id
   where target.tenant_id = :tenantId and target.cluster_id = node.cluster_id
     and node.admin_state = 'active'
     and (desired.node_id is null or (
       desired.deployment_id is distinct from target.deployment_id
       and desired.decided_at < target.updated_at))`;

/** True in SQL when `node`, a row of nodes, was not told something that its cluster runs: nearly never. */
export const hasMissedSql = `exists (select from ${MISSED_SQL})`;

const findMissed = statement<{ readonly tenantId: string; readonly nodeId: string }, MissedTarget>(
  'module-targets.find-missed',
  `select target.module_id as "moduleId", target.deployment_id as "deploymentId",
     target.release_id as "releaseId", target.configuration_id as "configurationId",
     desired.node_id is null as "isNew"
   from nodes node cross join ${MISSED_SQL}
     and node.tenant_id = :tenantId and node.id = :nodeId
   order by target.module_id`,
);

/** What the node's cluster runs and the node was not told, whatever is in flight. */
export function missedTargets(open: OpenContext, nodeId: string): Promise<MissedTarget[]> {
  return open.tx.query(findMissed, { tenantId: open.tenantId, nodeId });
}
