/** The table `approval_policies`, and what an environment says of it. */
import { noteApprovalPolicies } from '../../../fleet/environments/environment-approvals.store.js';
import { newId } from '../../../kernel/ids.js';
import type { OpenContext } from '../../../platform/context.js';
import { insertNew } from '../../../platform/database/entity-rows.js';
import { ApprovalPolicyEntity } from './approval-policy.entity.js';

/** Answers its id; undefined: the name is taken. */
export async function insertPolicy(
  open: OpenContext,
  values: Omit<Partial<ApprovalPolicyEntity>, 'tenantId' | 'id'>,
): Promise<string | undefined> {
  const row = { ...values, tenantId: open.tenantId, id: newId() };
  const [added] = await insertNew(open.tx.repository(ApprovalPolicyEntity), row);
  return added?.id;
}

/** After a change of them, in its transaction and under the tenant's lock: environments say it at once. */
export async function noteWherePoliciesCount(open: OpenContext): Promise<void> {
  const rows = await open.tx.repository(ApprovalPolicyEntity).find({
    select: { environmentId: true },
    where: { tenantId: open.tenantId },
  });
  const ids = rows.map(({ environmentId }) => environmentId);
  await noteApprovalPolicies(open, {
    areAll: ids.includes(null),
    environmentIds: [...new Set(ids.filter((id) => id !== null))],
  });
}
