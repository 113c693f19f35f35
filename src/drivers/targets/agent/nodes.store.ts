/**
 * The table `nodes`: who they are, their keys, what a person has decided about them, and the revision
 * of what they should run. Nobody else writes it. Who writes more than one row locks them in the
 * order of ids first.
 */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type NamedNode = { readonly tenantId: string; readonly id: string };

const decide = statement<NamedNode & { readonly state: string }>(
  'nodes.decide',
  `update nodes set admin_state = :state, admin_state_at = clock_timestamp()
   where tenant_id = :tenantId and id = :id and revoked_at is null and admin_state <> :state`,
);

const revoke = statement<NamedNode>(
  'nodes.revoke',
  `update nodes set revoked_at = clock_timestamp()
   where tenant_id = :tenantId and id = :id and revoked_at is null`,
);

const bumpCluster = statement<
  { readonly tenantId: string; readonly clusterId: string },
  { readonly id: string }
>(
  'nodes.bump-cluster',
  `with locked as materialized (
     select id from nodes
     where tenant_id = :tenantId and cluster_id = :clusterId and revoked_at is null
     order by id for update)
   update nodes node set desired_revision = node.desired_revision + 1
   from locked where node.tenant_id = :tenantId and node.id = locked.id
   returning node.id`,
);

const lock = statement<
  {
    readonly tenantId: string;
    readonly nodeIds: readonly string[];
    readonly clusterId: string | null;
  },
  { readonly id: string }
>(
  'nodes.lock',
  `select id from nodes
   where tenant_id = :tenantId and id = any(:nodeIds::uuid[]) and revoked_at is null
     and (:clusterId::uuid is null or cluster_id = :clusterId)
   order by id for update`,
);

const raise = statement<NamedNode & { readonly accepted: number }, { readonly revision: number }>(
  'nodes.raise-revision',
  `update nodes set desired_revision = greatest(desired_revision, :accepted::bigint) + 1
   where tenant_id = :tenantId and id = :id and desired_revision < :accepted
   returning desired_revision as revision`,
);

type NewNode = {
  readonly clusterId: string;
  readonly name: string;
  readonly publicKey: string;
  /** JSON. */
  readonly labels: string;
};

const relabel = statement<NewNode & { readonly tenantId: string }, { readonly id: string }>(
  'nodes.relabel',
  `update nodes set labels = :labels
   where tenant_id = :tenantId and cluster_id = :clusterId and name = :name
     and public_key = :publicKey and revoked_at is null
   returning id`,
);

const add = statement<NewNode & NamedNode>(
  'nodes.add',
  `insert into nodes (tenant_id, id, cluster_id, name, labels, public_key)
   values (:tenantId, :id, :clusterId, :name, :labels, :publicKey) on conflict do nothing`,
);

/**
 * What those nodes should run has changed: one revision more, in the statement that changes it. The
 * caller has locked them. Fragment: `nodeIds`, a list or a query of ids; :tenantId.
 */
export const bumpRevisions = (nodeIds: string): string =>
  `update nodes set desired_revision = desired_revision + 1
    where tenant_id = :tenantId and id in (${nodeIds})`;

/** As bumpRevisions, of the node :nodeId by a number, `amount`, in `table`. Fragment: :tenantId. */
export const bumpRevisionBy = (table: string, amount: string): string =>
  `update nodes set desired_revision = desired_revision + ${table}.${amount} from ${table}
    where tenant_id = :tenantId and id = :nodeId and ${table}.${amount} > 0`;

/** False: it is in that state already, or there is no such node. */
export async function setAdminState(
  open: OpenContext,
  id: string,
  state: 'active' | 'cordoned',
): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.execute(decide, { tenantId, id, state })) > 0;
}

/** Its key is good for nothing from now on. False: there is no such node, or no more. */
export async function revokeNode(open: OpenContext, id: string): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.execute(revoke, { tenantId, id })) > 0;
}

/**
 * What all nodes of a cluster are told has changed: their next desired statement says it. Answers
 * which nodes those are; the caller records `nodeTold` for each.
 */
export async function bumpClusterNodes(open: OpenContext, clusterId: string): Promise<string[]> {
  const { tenantId } = open;
  const nodes = await open.tx.query(bumpCluster, { tenantId, clusterId });
  return nodes.map(({ id }) => id);
}

/** Locks the nodes that still exist; with a cluster, only those of it. Answers their ids. */
export async function lockNodes(
  open: OpenContext,
  nodeIds: readonly string[],
  clusterId: string | null = null,
): Promise<Set<string>> {
  const { tenantId } = open;
  const nodes = await open.tx.query(lock, { tenantId, nodeIds, clusterId });
  return new Set(nodes.map(({ id }) => id));
}

/** Past the revision that the node has accepted. Null: it is past it already. */
export async function raiseRevision(
  open: OpenContext,
  id: string,
  accepted: number,
): Promise<number | null> {
  const { tenantId } = open;
  const node = await open.tx.first(raise, { tenantId, id, accepted });
  return node?.revision ?? null;
}

/** The node of that cluster, name and key gets these labels. Answers its id; null: there is none. */
export async function relabelNode(open: OpenContext, node: NewNode): Promise<string | null> {
  const { tenantId } = open;
  const same = await open.tx.first(relabel, { tenantId, ...node });
  return same?.id ?? null;
}

/** False: the cluster has a node of that name, or some node has that key. */
export async function addNode(open: OpenContext, id: string, node: NewNode): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.execute(add, { tenantId, id, ...node })) === 1;
}
