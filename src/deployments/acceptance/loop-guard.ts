import type { OpenContext } from '../../platform/context.js';
import { releaseRolledBackHere } from '../deployment.errors.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';

/**
 * A release is taken back automatically at most once per cluster for what it did itself. A pipeline
 * that sends it again after each rollback would move the nodes back and forth for ever, so the second
 * time needs a person: `retry`, or `allowRolledBack`. A success there since then makes it an ordinary
 * release. What it was not to blame for does not count: nodes that were lost, a port that was taken,
 * a deadline that nobody could keep, a person who took it back.
 * Asked when it is posted, and again when it has the slot: the one before it may have been taken back
 * while it waited.
 */
export async function refuseRolledBack(open: OpenContext, spec: DeploymentSpec): Promise<void> {
  if (spec.allowRolledBack) return;
  const [rolledBack] = await open.tx.query<{ id: string; reason: string | null }>(
    `select id, reason from deployments taken
     where tenant_id = $1 and cluster_id = $2 and module_id = $3 and release_id = $4
       and status in ('RolledBack', 'RollbackFailed') and ending = 'RolledBack'
       and exists (
         select 1 from journal undo
         where undo.tenant_id = $1 and undo.deployment_id = taken.id
           and undo.kind = 'undo-planned' and undo.data ->> 'cause' = 'release')
       and not exists (
         select 1 from deployments later
         where later.tenant_id = $1 and later.cluster_id = $2 and later.module_id = $3
           and later.release_id = $4 and later.status = 'Succeeded' and later.id > taken.id)
     order by id desc limit 1`,
    [open.tenantId, spec.cluster.id, spec.module.id, spec.release.id],
  );
  if (!rolledBack) return;
  const { id, reason } = rolledBack;
  throw releaseRolledBackHere(
    { version: spec.release.version, cluster: spec.cluster.name },
    id,
    reason,
  );
}
