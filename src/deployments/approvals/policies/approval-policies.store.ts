/** The table `approval_policies`, and what an environment says of it. */
import { noteApprovalPolicies } from '../../../fleet/environments/environment-approvals.store.js';
import { newId } from '../../../kernel/ids.js';
import type { OpenContext } from '../../../platform/context.js';
import { insertNew } from '../../../platform/database/entity-rows.js';
import { statement } from '../../../platform/database/statement.js';
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

const findWhere = statement<
  { readonly tenantId: string },
  { readonly areAll: boolean; readonly environmentIds: string[] }
>(
  'approval-policies.where',
  `select coalesce(bool_or(environment_id is null), false) as "areAll",
     coalesce(array_agg(distinct environment_id) filter (where environment_id is not null), '{}')
       as "environmentIds"
   from approval_policies where tenant_id = :tenantId`,
);

/** After a change of them, in its transaction and under the tenant's lock: environments say it at once. */
export async function noteWherePoliciesCount(open: OpenContext): Promise<void> {
  const where = await open.tx.first(findWhere, { tenantId: open.tenantId });
  await noteApprovalPolicies(open, where!);
}
