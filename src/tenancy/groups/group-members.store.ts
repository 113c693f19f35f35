/** The table `group_members`: who is in which group. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

type Member = { readonly tenantId: string; readonly groupId: string; readonly userId: string };

const insert = statement<Member & { readonly source: string }>(
  'group-members.insert',
  `insert into group_members (tenant_id, group_id, user_id, source)
   values (:tenantId, :groupId, :userId, :source) on conflict do nothing`,
);

/** False: they are in it already. */
export async function addGroupMember(
  open: OpenContext,
  { groupId, userId }: Omit<Member, 'tenantId'>,
  source: 'manual' | 'claim' | 'scim' = 'manual',
): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.execute(insert, { tenantId, groupId, userId, source })) > 0;
}

const remove = statement<Member>(
  'group-members.remove',
  `delete from group_members
   where tenant_id = :tenantId and group_id = :groupId and user_id = :userId`,
);

/** False: they were not in it. */
export async function removeGroupMember(
  open: OpenContext,
  { groupId, userId }: Omit<Member, 'tenantId'>,
): Promise<boolean> {
  return (await open.tx.execute(remove, { tenantId: open.tenantId, groupId, userId })) > 0;
}

const removeAll = statement<Omit<Member, 'userId'>>(
  'group-members.remove-all',
  'delete from group_members where tenant_id = :tenantId and group_id = :groupId',
);

export async function emptyGroup(open: OpenContext, groupId: string): Promise<void> {
  await open.tx.execute(removeAll, { tenantId: open.tenantId, groupId });
}
