import type { OpenContext } from '../../../platform/context.js';
import type { DesiredPair } from '../target.js';
import { writeDesired } from './desired-state.js';
import { lockNodes } from './nodes.store.js';

/**
 * Gives a new or returning node what its cluster runs when nothing is in flight. A node that takes
 * part in a rollout is left alone: while the slot is held only a node without any desired state of
 * the module gets something, and what it gets is never the canary.
 */
export async function catchUp(open: OpenContext, nodeId: string): Promise<number> {
  if ((await missing(open, nodeId)).length === 0) return 0;
  // Asked again under the node's lock: a move may have been faster.
  if (!(await lockNodes(open, [nodeId])).has(nodeId)) return 0;
  const targets = await missing(open, nodeId);
  for (const target of targets) {
    const { releaseId, releaseDigest, configurationId } = target;
    const release: DesiredPair = { releaseId, releaseDigest, configurationId, trafficPercent: 100 };
    await writeDesired(open, { ...target, assignments: [{ nodeId, releases: [release] }] });
  }
  return targets.length;
}

interface MissingTarget {
  readonly moduleId: string;
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly releaseDigest: string;
  readonly configurationId: string | null;
  readonly signatureRequired: boolean;
}

// A row of the same deployment, or one decided after the target was set, was meant for this node:
// an undo or a cancelled rollout that was left in place.
function missing(open: OpenContext, nodeId: string): Promise<MissingTarget[]> {
  return open.tx.query<MissingTarget>(
    `select target.module_id as "moduleId", target.deployment_id as "deploymentId",
       target.release_id as "releaseId", release.release_digest as "releaseDigest",
       target.configuration_id as "configurationId",
       environment.signature_policy = 'required' as "signatureRequired"
     from nodes node
     join clusters cluster on cluster.tenant_id = $1 and cluster.id = node.cluster_id
     join environments environment
       on environment.tenant_id = $1 and environment.id = cluster.environment_id
     join module_targets target on target.tenant_id = $1 and target.cluster_id = node.cluster_id
     join releases release on release.tenant_id = $1 and release.id = target.release_id
     left join desired_modules desired on desired.tenant_id = $1 and desired.node_id = node.id
       and desired.module_id = target.module_id
     left join deployment_slots slot on slot.tenant_id = $1 and slot.cluster_id = node.cluster_id
       and slot.module_id = target.module_id
     where node.tenant_id = $1 and node.id = $2 and node.admin_state = 'active'
       and (desired.node_id is null or (
         slot.holder_deployment_id is null
         and desired.deployment_id is distinct from target.deployment_id
         and desired.decided_at < target.updated_at))
     order by target.module_id`,
    [open.tenantId, nodeId],
  );
}
