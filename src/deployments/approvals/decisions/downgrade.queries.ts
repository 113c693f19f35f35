import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';

const NEWER_RUNS = statement<
  {
    readonly tenantId: string;
    readonly clusterId: string;
    readonly moduleId: string;
    readonly id: string;
    readonly releaseId: string;
  },
  { readonly version: string }
>(
  'approvals.newer-runs',
  `select r.version from module_targets target
   join releases r on r.tenant_id = target.tenant_id and r.id = target.release_id
   where target.tenant_id = :tenantId and target.cluster_id = :clusterId
     and target.module_id = :moduleId and r.id <> :releaseId
     and (target.deployment_id > :id or r.id > :releaseId)`,
);

/**
 * The version that the cluster runs, if the deployment would take it back: its release was registered
 * before that one, or it was asked for before that one was.
 */
export async function newerThere(
  open: OpenContext,
  deploymentId: string,
  { cluster, module, release }: DeploymentSpec,
): Promise<string | undefined> {
  const row = await open.tx.first(NEWER_RUNS, {
    tenantId: open.tenantId,
    clusterId: cluster.id,
    moduleId: module.id,
    id: deploymentId,
    releaseId: release.id,
  });
  return row?.version;
}
