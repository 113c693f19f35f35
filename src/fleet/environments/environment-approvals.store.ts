/** What an environment's row says of approval policies, which stand on a floor above. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const note = statement<{
  readonly tenantId: string;
  readonly areAll: boolean;
  readonly environmentIds: readonly string[];
}>(
  'environments.note-approval-policies',
  `update environments set has_approval_policies = not has_approval_policies
   where tenant_id = :tenantId
     and has_approval_policies is distinct from (:areAll or id = any(:environmentIds::uuid[]))`,
);

/** Where policies may count: in all environments, or in those. With the change of the policies. */
export async function noteApprovalPolicies(
  open: OpenContext,
  { areAll, environmentIds }: { readonly areAll: boolean; readonly environmentIds: string[] },
): Promise<void> {
  await open.tx.execute(note, { tenantId: open.tenantId, areAll, environmentIds });
}
