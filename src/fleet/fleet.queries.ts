/** Narrow questions that others ask of the fleet, in their own transaction. */
import { environmentKey } from '../kernel/environment-key.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import type { Environment } from './environments/environment.js';
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

type EnvironmentKey = { readonly tenantId: string; readonly nameKey: string };

const ENVIRONMENTS = `select id, name, defaults, allowed_strategies as "allowedStrategies",
     signature_policy as "signaturePolicy", on_conflict as "onConflict", max_in_flight as "maxInFlight",
     labels, has_approval_policies as "hasApprovalPolicies", version, created_at as "createdAt"
   from environments where tenant_id = :tenantId`;

// Two of the statements that accepting a deployment takes: prepared once per connection, where a repository's
// are planned each time.
const findEnvironment = statement<EnvironmentKey, Environment>(
  'environments.by-name',
  `${ENVIRONMENTS} and name_key = :nameKey`,
);

/** Throws `environment-not-found`. */
export async function environmentByName(open: OpenContext, name: string): Promise<Environment> {
  const key = { tenantId: open.tenantId, nameKey: environmentKey(name) };
  const row = await open.tx.first(findEnvironment, key);
  if (row) return row;
  throw environmentNotFound(`named "${name}"`);
}

const findAll = statement<{ readonly tenantId: string }, Environment>(
  'environments.of-tenant',
  ENVIRONMENTS,
);

/** All of the tenant: there are few. */
export function environmentsOf(open: OpenContext): Promise<Environment[]> {
  return open.tx.query(findAll, { tenantId: open.tenantId });
}

type OfEnvironment = {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly name: string | null;
};

/** What a deployment asks of the cluster it goes to. */
export interface ClusterFact {
  readonly id: string;
  readonly name: string;
  readonly targetKind: string;
  readonly minAvailable: number;
}

const findClusters = statement<OfEnvironment, ClusterFact>(
  'clusters.of-environment',
  `select id, name, target_kind as "targetKind", min_available as "minAvailable"
   from clusters
   where tenant_id = :tenantId and environment_id = :environmentId and (:name::text is null or name = :name)
   order by name`,
);

/**
 * The cluster of that name; without a name, the environment's only one.
 * Throws `cluster-not-found`, `cluster-required`.
 */
export async function clusterOf(
  open: OpenContext,
  environmentId: string,
  clusterName?: string,
): Promise<ClusterFact> {
  const { tenantId } = open;
  const named = { tenantId, environmentId, name: clusterName ?? null };
  const clusters = await open.tx.query(findClusters, named);
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
