import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

const findMember = statement<
  { readonly tenantId: string; readonly userId: string },
  { readonly userId: string }
>(
  'access-keys.find-member',
  `select user_id as "userId" from memberships where tenant_id = :tenantId and user_id = :userId`,
);

/** Whether a person belongs to the tenant; who acts for its platform does not. */
export async function isMemberOf(open: OpenContext, userId: string): Promise<boolean> {
  return (await open.tx.first(findMember, { tenantId: open.tenantId, userId })) !== undefined;
}
