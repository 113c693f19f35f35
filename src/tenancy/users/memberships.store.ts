/** The tables `memberships` and `group_members`: who belongs to a tenant, and to its groups. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { endKeysOf } from '../access-keys/end-keys.js';
import { giveQuotaBack, takeQuota } from '../quotas/quotas.events.js';
import { removeRolesOf } from '../permissions/role-bindings.store.js';

type Member = { readonly tenantId: string; readonly userId: string };

const insert = statement<Member & { readonly source: string }>(
  'memberships.insert',
  `insert into memberships (tenant_id, user_id, source) values (:tenantId, :userId, :source)
   on conflict do nothing`,
);

/** False: they are a member already. Throws `quota-exceeded`, unless nobody counts in this process. */
export async function insertMembership(
  open: OpenContext,
  userId: string,
  source: 'manual' | 'claim' | 'scim' = 'manual',
): Promise<boolean> {
  const { tenantId } = open;
  const isNew = (await open.tx.execute(insert, { tenantId, userId, source })) > 0;
  if (isNew) await takeQuota(open, 'members');
  return isNew;
}

const leaveGroups = statement<Member>(
  'memberships.leave-groups',
  'delete from group_members where tenant_id = :tenantId and user_id = :userId',
);

const remove = statement<Member>(
  'memberships.remove',
  'delete from memberships where tenant_id = :tenantId and user_id = :userId',
);

/**
 * With all that it has brought: roles and groups, whoever gave them, and keys, which do not come back
 * with the person. The account stays.
 */
export async function removeMembership(open: OpenContext, userId: string): Promise<void> {
  const member = { tenantId: open.tenantId, userId };
  await removeRolesOf(open, { kind: 'user', id: userId });
  await open.tx.execute(leaveGroups, member);
  const removed = await open.tx.execute(remove, member);
  await endKeysOf(open, { kind: 'user', id: userId });
  await giveQuotaBack(open, 'members', removed);
}
