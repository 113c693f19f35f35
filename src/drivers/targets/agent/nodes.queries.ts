/** Narrow questions about nodes. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import { isLostSql } from './node-health.js';

export type NodeKey = {
  readonly name: string;
  readonly publicKey: string;
  readonly isRevoked: boolean;
  /** Where it runs, as it has said lately; null: it has been silent. */
  readonly bootId: string | null;
};

const readKey = statement<{ readonly tenantId: string; readonly nodeId: string }, NodeKey>(
  'nodes.read-key',
  `select node.name, node.public_key as "publicKey", node.revoked_at is not null as "isRevoked",
     case when not ${isLostSql('presence')} then presence.boot_id end as "bootId"
   from nodes node
   left join node_presence presence
     on presence.tenant_id = node.tenant_id and presence.node_id = node.id
   where node.tenant_id = :tenantId and node.id = :nodeId`,
);

/** Asked before anybody knows whether the tenant is the node's: by the system's role. */
export function keyOfNode(
  tx: SystemTransaction,
  tenantId: string,
  nodeId: string,
): Promise<NodeKey | undefined> {
  return tx.first(readKey, { tenantId, nodeId });
}

const findChanged = statement<
  {
    readonly tenantIds: readonly string[];
    readonly nodeIds: readonly string[];
    readonly revisions: readonly number[];
  },
  { readonly nodeId: string }
>(
  'nodes.find-changed',
  `select node.id as "nodeId"
   from unnest(:tenantIds::uuid[], :nodeIds::uuid[], :revisions::bigint[])
     as parked (tenant_id, node_id, after)
   join nodes node on node.tenant_id = parked.tenant_id and node.id = parked.node_id
   where node.desired_revision > parked.after or node.revoked_at is not null`,
);

export interface KnownRevision {
  readonly tenantId: string;
  readonly nodeId: string;
  /** The revision that the node has. */
  readonly after: number;
}

/** Those for which there is something newer, or nothing any more. Of all tenants. */
export async function changedNodes(
  tx: SystemTransaction,
  known: readonly KnownRevision[],
): Promise<string[]> {
  const changed = await tx.query(findChanged, {
    tenantIds: known.map(({ tenantId }) => tenantId),
    nodeIds: known.map(({ nodeId }) => nodeId),
    revisions: known.map(({ after }) => after),
  });
  return changed.map(({ nodeId }) => nodeId);
}

type EnrolledNode = { readonly nodeId: string; readonly clusterId: string };
type Identity = { readonly nodeId: string; readonly name: string; readonly publicKey: string };

const findEnrolled = statement<Identity & { readonly tenantId: string }, EnrolledNode>(
  'nodes.find-enrolled',
  `select id as "nodeId", cluster_id as "clusterId" from nodes
   where tenant_id = :tenantId and id = :nodeId and name = :name and public_key = :publicKey
     and revoked_at is null`,
);

export function enrolledNode(
  open: OpenContext,
  { nodeId, name, publicKey }: Identity,
): Promise<EnrolledNode | undefined> {
  return open.tx.first(findEnrolled, { tenantId: open.tenantId, nodeId, name, publicKey });
}

const findName = statement<{
  readonly tenantId: string;
  readonly clusterId: string;
  readonly name: string;
}>(
  'nodes.find-name',
  `select from nodes
   where tenant_id = :tenantId and cluster_id = :clusterId and name = :name and revoked_at is null`,
);

export async function isNameTaken(
  open: OpenContext,
  clusterId: string,
  name: string,
): Promise<boolean> {
  return (await open.tx.execute(findName, { tenantId: open.tenantId, clusterId, name })) > 0;
}
