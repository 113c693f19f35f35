/** Narrow questions that others ask of the fleet, in their own transaction. */
import { environmentKey } from '../kernel/environment-key.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import { answerOf } from '../platform/http/answer.js';
import { ClusterEntity } from './clusters/cluster.entity.js';
import { EnvironmentEntity } from './environments/environment.entity.js';
import type { Environment } from './environments/environment.js';
import { environmentOut } from './environments/environments.dto.js';
import { clusterNotFound, clusterRequired, environmentNotFound } from './fleet.errors.js';
import { NODE_STATE_SQL, type NodeState } from './nodes/node-state.js';

export interface NodeFact {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: NodeState;
  /** Null: enrolled, but it has never reported. */
  readonly lastReportAt: Date | null;
}

/** Throws `environment-not-found`. */
export async function environmentByName(open: OpenContext, name: string): Promise<Environment> {
  const row = await open.tx.repository(EnvironmentEntity).findOneBy({
    tenantId: open.tenantId,
    nameKey: environmentKey(name),
  });
  if (row) return answerOf(environmentOut, row);
  throw environmentNotFound(`named "${name}"`);
}

/**
 * The cluster of that name; without a name, the environment's only one.
 * Throws `cluster-not-found`, `cluster-required`.
 */
export async function clusterOf(
  open: OpenContext,
  environmentId: string,
  clusterName?: string,
): Promise<Readonly<ClusterEntity>> {
  const ofEnvironment = { tenantId: open.tenantId, environmentId };
  const clusters = await open.tx.repository(ClusterEntity).find({
    where: clusterName === undefined ? ofEnvironment : { ...ofEnvironment, name: clusterName },
    order: { name: 'asc' },
  });
  const [first] = clusters;
  if (!first) {
    throw clusterNotFound(
      clusterName === undefined
        ? 'The environment has no cluster. Create one: POST /api/v1/clusters.'
        : `The environment has no cluster named "${clusterName}". GET /api/v1/clusters lists them.`,
    );
  }
  if (clusters.length === 1) return first;
  throw clusterRequired(clusters.map((cluster) => cluster.name));
}

const findNodes = statement<{ readonly tenantId: string; readonly clusterId: string }, NodeFact>(
  'nodes.of-cluster',
  `select node.id, node.name, node.labels, ${NODE_STATE_SQL} as state,
     presence.last_report_at as "lastReportAt"
   from nodes node
   left join node_presence presence
     on presence.tenant_id = :tenantId and presence.node_id = node.id
   where node.tenant_id = :tenantId and node.cluster_id = :clusterId and node.revoked_at is null
   order by node.name collate "C"`,
);

/** Every node of the cluster that was not revoked, by name. */
export async function nodesOfCluster(open: OpenContext, clusterId: string): Promise<NodeFact[]> {
  return open.tx.query(findNodes, { tenantId: open.tenantId, clusterId });
}
