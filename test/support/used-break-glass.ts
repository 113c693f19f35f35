import { newId } from '../../src/kernel/ids.js';
import type { DeploymentsApp } from './deployments-app.js';

/** As if somebody had started the deployment without its approvals; nobody has reviewed it. */
export async function usedBreakGlass(
  app: DeploymentsApp,
  { tenantId, deploymentId }: { readonly tenantId: string; readonly deploymentId: string },
): Promise<void> {
  await app.sql(
    `with request as (
       insert into approval_requests (tenant_id, deployment_id, number, environment_id, cluster_id,
         module_id, subject_digest, rules, status, requested_by, deadline_at)
       select tenant_id, id, 1, environment_id, cluster_id, module_id, subject_digest, '[]', 'granted',
         requested_by, now() + interval '1 day' from deployments where tenant_id = $1 and id = $2
       returning *)
     insert into break_glass (tenant_id, id, deployment_id, request_number, subject_digest, person_id,
       used_by, reason, used_at, review_due_at)
     select tenant_id, $3, deployment_id, number, subject_digest, $4, 'ada', 'a test', now(),
       now() + interval '1 day' from request`,
    [tenantId, deploymentId, newId(), newId()],
  );
}
