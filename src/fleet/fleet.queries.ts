import type { OpenContext } from '../platform/context.js';
import { CLUSTER_COLUMNS, type Cluster } from './clusters/cluster.js';
import {
  ENVIRONMENT_COLUMNS,
  environmentKey,
  type Environment,
} from './environments/environment.js';
import { clusterNotFound, clusterRequired, environmentNotFound } from './fleet.errors.js';
import { NODE_STATE_SQL, type NodeState } from './nodes/node-state.js';

/** Narrow questions that others ask of the fleet. All run in the transaction of `ctx`. */
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
  const [environment] = await open.tx.query<Environment>(
    `select ${ENVIRONMENT_COLUMNS} from environments environment
     where environment.tenant_id = $1 and environment.name_key = $2`,
    [open.tenantId, environmentKey(name)],
  );
  if (environment) return environment;
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
): Promise<Cluster> {
  const clusters = await open.tx.query<Cluster>(
    `select ${CLUSTER_COLUMNS} from clusters cluster
     where cluster.tenant_id = $1 and cluster.environment_id = $2
       and ($3::text is null or cluster.name = $3)
     order by cluster.name`,
    [open.tenantId, environmentId, clusterName ?? null],
  );
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

/** Every node of the cluster that was not revoked, by name. */
export async function nodesOfCluster(open: OpenContext, clusterId: string): Promise<NodeFact[]> {
  return open.tx.query<NodeFact>(
    `select node.id, node.name, node.labels, ${NODE_STATE_SQL} as state,
       presence.last_report_at as "lastReportAt"
     from nodes node
     left join node_presence presence
       on presence.tenant_id = $1 and presence.node_id = node.id
     where node.tenant_id = $1 and node.cluster_id = $2 and node.revoked_at is null
     order by node.name collate "C"`,
    [open.tenantId, clusterId],
  );
}
