import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

/** A group that a directory keeps. */
export interface DirectoryGroupRow {
  readonly id: string;
  readonly name: string;
  readonly externalId: string | null;
  readonly version: number;
  readonly createdAt: Date;
}

const ROWS = `select id, name, external_id as "externalId", version, created_at as "createdAt"
  from groups g where g.tenant_id = :tenantId and g.source = 'scim'`;

const list = statement<
  { readonly tenantId: string; readonly offset: number; readonly take: number },
  DirectoryGroupRow
>('directory-groups.list', `${ROWS} order by id offset :offset limit :take`);

/** In the order in which they came. */
export function directoryGroupRows(
  open: OpenContext,
  { offset, take }: { readonly offset: number; readonly take: number },
): Promise<DirectoryGroupRow[]> {
  return open.tx.query(list, { tenantId: open.tenantId, offset, take });
}

const count = statement<{ readonly tenantId: string }, { readonly groups: number }>(
  'directory-groups.count',
  `select count(*)::int as groups from groups where tenant_id = :tenantId and source = 'scim'`,
);

export async function countDirectoryGroups(open: OpenContext): Promise<number> {
  return (await open.tx.first(count, { tenantId: open.tenantId }))?.groups ?? 0;
}

/** What a filter asks that an index knows; null: it does not say. */
export type KnownGroupTerms = {
  readonly id: string | null;
  readonly nameKey: string | null;
  readonly externalId: string | null;
  /** One of the directory's users that is in it. */
  readonly memberId: string | null;
};

const find = statement<KnownGroupTerms & { readonly tenantId: string }, DirectoryGroupRow>(
  'directory-groups.find-by-terms',
  `${ROWS} and (:id::uuid is null or g.id = :id::uuid)
     and (:nameKey::text is null or g.name_key = :nameKey)
     and (:externalId::text is null or g.external_id = :externalId)
     and (:memberId::uuid is null or exists (select 1 from directory_group_members m
       where m.tenant_id = g.tenant_id and m.group_id = g.id
         and m.directory_user_id = :memberId::uuid))
   order by g.id`,
);

export function directoryGroupsBy(
  open: OpenContext,
  { id, nameKey, externalId, memberId }: KnownGroupTerms,
): Promise<DirectoryGroupRow[]> {
  const { tenantId } = open;
  return open.tx.query(find, { tenantId, id, nameKey, externalId, memberId });
}

export interface DirectoryMember {
  readonly groupId: string;
  readonly id: string;
  readonly userName: string;
}

const members = statement<
  { readonly tenantId: string; readonly groupIds: readonly string[] },
  DirectoryMember
>(
  'directory-group-members.of-groups',
  `select m.group_id as "groupId", d.id, d.user_name as "userName"
   from directory_group_members m
   join directory_users d on d.tenant_id = m.tenant_id and d.id = m.directory_user_id
   where m.tenant_id = :tenantId and m.group_id = any(:groupIds::uuid[]) order by d.id`,
);

export function membersOfGroups(
  open: OpenContext,
  groupIds: readonly string[],
): Promise<DirectoryMember[]> {
  return open.tx.query(members, { tenantId: open.tenantId, groupIds });
}

const named = statement<
  { readonly tenantId: string; readonly ids: readonly string[] },
  { readonly id: string; readonly userName: string }
>(
  'directory-users.names',
  `select id, user_name as "userName" from directory_users
   where tenant_id = :tenantId and id = any(:ids::uuid[])`,
);

/** Of those that there are. */
export async function namesOfDirectoryUsers(
  open: OpenContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await open.tx.query(named, { tenantId: open.tenantId, ids });
  return new Map(rows.map(({ id, userName }) => [id, userName]));
}
