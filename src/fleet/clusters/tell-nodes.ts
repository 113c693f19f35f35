import type { OpenContext } from '../../platform/context.js';
import type { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';

/**
 * What all nodes of a cluster are told has changed: their next desired statement says it. The rows are
 * locked in the order of ids, like by everybody who writes what nodes should run.
 */
export async function tellNodes(
  open: OpenContext,
  signal: Signal,
  clusterId: string,
): Promise<void> {
  const nodes = await open.tx.query<{ id: string }>(
    `with locked as materialized (
       select id from nodes where tenant_id = $1 and cluster_id = $2 and revoked_at is null
       order by id for update)
     update nodes node set desired_revision = node.desired_revision + 1
     from locked where node.tenant_id = $1 and node.id = locked.id
     returning node.id`,
    [open.tenantId, clusterId],
  );
  open.tx.afterCommit(() => {
    for (const { id } of nodes) signal.publish(Topic.Desired, id);
  });
}
