/** The tables `directory_users`, `directory_group_members`, and what follows from them for memberships. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type OfPerson = { readonly tenantId: string; readonly userId: string };

const takeOver = statement<OfPerson>(
  'memberships.take-over',
  `update memberships set source = 'scim' where tenant_id = :tenantId and user_id = :userId`,
);

/** A membership that is there is the directory's from now on. */
export async function keepByDirectory(open: OpenContext, userId: string): Promise<void> {
  await open.tx.execute(takeOver, { tenantId: open.tenantId, userId });
}

const joinGroups = statement<OfPerson & { readonly id: string }>(
  'group-members.join-of-directory',
  `insert into group_members (tenant_id, group_id, user_id, source)
   select d.tenant_id, d.group_id, :userId::uuid, 'scim' from directory_group_members d
   where d.tenant_id = :tenantId and d.directory_user_id = :id
   on conflict do nothing`,
);

/** All in which the directory has them. */
export async function joinGroupsOfDirectory(
  open: OpenContext,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<void> {
  await open.tx.execute(joinGroups, { tenantId: open.tenantId, id, userId });
}

const forgetGroups = statement<{ readonly tenantId: string; readonly id: string }>(
  'directory-group-members.forget-user',
  'delete from directory_group_members where tenant_id = :tenantId and directory_user_id = :id',
);

export async function forgetGroupsOf(open: OpenContext, id: string): Promise<void> {
  await open.tx.execute(forgetGroups, { tenantId: open.tenantId, id });
}

const deactivate = statement<OfPerson>(
  'directory-users.deactivate-person',
  `update directory_users set is_active = false, version = version + 1,
     changed_at = clock_timestamp()
   where tenant_id = :tenantId and user_id = :userId and is_active`,
);

/** Somebody here has removed them: the directory hears that they are not active. */
export async function deactivatePerson(open: OpenContext, userId: string): Promise<void> {
  await open.tx.execute(deactivate, { tenantId: open.tenantId, userId });
}

const leaveGroups = statement<OfPerson & { readonly id: string }>(
  'group-members.leave-of-directory',
  `delete from group_members m using directory_group_members d
   where d.tenant_id = :tenantId and d.directory_user_id = :id
     and m.tenant_id = d.tenant_id and m.group_id = d.group_id and m.user_id = :userId`,
);

/** For whom people here keep as a member: what the directory has given is taken, and nothing else. */
export async function leaveGroupsOfDirectory(
  open: OpenContext,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<void> {
  await open.tx.execute(leaveGroups, { tenantId: open.tenantId, id, userId });
}

const link = statement<OfPerson & { readonly id: string }, { readonly userName: string }>(
  'directory-users.link-person',
  `update directory_users d set user_id = :userId, version = version + 1,
     changed_at = clock_timestamp()
   where d.tenant_id = :tenantId and d.id = :id and d.is_active and d.user_id is null
     and not exists (select 1 from directory_users other
       where other.tenant_id = :tenantId and other.user_id = :userId)
   returning d.user_name as "userName"`,
);

/**
 * Says who has come, once and for all; answers the directory's name for them. Undefined: it has taken the
 * user back, or knows the person by another name.
 */
export async function linkPerson(
  open: OpenContext,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<string | undefined> {
  return (await open.tx.first(link, { tenantId: open.tenantId, id, userId }))?.userName;
}

const invited = statement<{ readonly tenantId: string; readonly id: string; readonly at: Date }>(
  'directory-users.mark-invited',
  'update directory_users set invited_at = :at where tenant_id = :tenantId and id = :id',
);

export async function markInvited(open: OpenContext, id: string, at: Date): Promise<void> {
  await open.tx.execute(invited, { tenantId: open.tenantId, id, at });
}
