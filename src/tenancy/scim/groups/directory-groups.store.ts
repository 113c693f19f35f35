/** The tables `directory_group_members`, `group_members` and `groups`: what a directory does to many at once. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type OfMany = {
  readonly tenantId: string;
  readonly groupId: string;
  /** Of the directory's users. */
  readonly ids: readonly string[];
};

const add = statement<OfMany>(
  'directory-group-members.add',
  `insert into directory_group_members (tenant_id, group_id, directory_user_id)
   select tenant_id, :groupId::uuid, id from directory_users
   where tenant_id = :tenantId and id = any(:ids::uuid[]) on conflict do nothing`,
);

const join = statement<OfMany>(
  'group-members.add-of-directory',
  `insert into group_members (tenant_id, group_id, user_id, source)
   select d.tenant_id, :groupId::uuid, d.user_id, 'scim' from directory_users d
   where d.tenant_id = :tenantId and d.id = any(:ids::uuid[]) and d.is_active
     and exists (select 1 from memberships m
       where m.tenant_id = d.tenant_id and m.user_id = d.user_id)
   on conflict do nothing`,
);

/** Those who have come hold the group's roles at once, the others when they do. */
export async function addToDirectoryGroup(
  open: OpenContext,
  groupId: string,
  ids: readonly string[],
): Promise<void> {
  const many = { tenantId: open.tenantId, groupId, ids };
  await open.tx.execute(add, many);
  await open.tx.execute(join, many);
}

const remove = statement<OfMany>(
  'directory-group-members.remove',
  `delete from directory_group_members
   where tenant_id = :tenantId and group_id = :groupId and directory_user_id = any(:ids::uuid[])`,
);

const leave = statement<OfMany, { readonly userId: string }>(
  'group-members.remove-of-directory',
  `delete from group_members m using directory_users d
   where m.tenant_id = :tenantId and m.group_id = :groupId and d.tenant_id = m.tenant_id
     and d.user_id = m.user_id and d.id = any(:ids::uuid[])
   returning m.user_id as "userId"`,
);

/** Answers the people who were in it. */
export async function takeOutOfDirectoryGroup(
  open: OpenContext,
  groupId: string,
  ids: readonly string[],
): Promise<string[]> {
  const many = { tenantId: open.tenantId, groupId, ids };
  await open.tx.execute(remove, many);
  return (await open.tx.query(leave, many)).map(({ userId }) => userId);
}

const empty = statement<Omit<OfMany, 'ids'>>(
  'directory-group-members.remove-all',
  'delete from directory_group_members where tenant_id = :tenantId and group_id = :groupId',
);

export async function emptyDirectoryGroup(open: OpenContext, groupId: string): Promise<void> {
  await open.tx.execute(empty, { tenantId: open.tenantId, groupId });
}
