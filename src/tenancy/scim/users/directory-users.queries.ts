import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { HeldRole } from '../../permissions/bindings.js';
import type { Complex } from '../protocol/resource.js';

/** A row as SCIM tells of it. */
export interface DirectoryUserRow {
  readonly id: string;
  readonly userName: string;
  readonly externalId: string | null;
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly formattedName: string | null;
  readonly emails: readonly Complex[];
  readonly isActive: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
}

const ROWS = `select id, user_name as "userName", external_id as "externalId",
    display_name as "displayName", given_name as "givenName", family_name as "familyName",
    formatted_name as "formattedName", emails, is_active as "isActive", version,
    created_at as "createdAt", changed_at as "changedAt"
  from directory_users where tenant_id = :tenantId`;

const list = statement<
  { readonly tenantId: string; readonly offset: number; readonly take: number },
  DirectoryUserRow
>('directory-users.list', `${ROWS} order by id offset :offset limit :take`);

/** In the order in which they came. */
export function directoryUserRows(
  open: OpenContext,
  { offset, take }: { readonly offset: number; readonly take: number },
): Promise<DirectoryUserRow[]> {
  return open.tx.query(list, { tenantId: open.tenantId, offset, take });
}

const count = statement<{ readonly tenantId: string }, { readonly users: number }>(
  'directory-users.count',
  'select count(*)::int as users from directory_users where tenant_id = :tenantId',
);

export async function countDirectoryUsers(open: OpenContext): Promise<number> {
  return (await open.tx.first(count, { tenantId: open.tenantId }))?.users ?? 0;
}

/** What a filter asks that an index knows; null: it does not say. */
export type KnownTerms = {
  readonly id: string | null;
  readonly nameKey: string | null;
  readonly externalId: string | null;
};

const find = statement<KnownTerms & { readonly tenantId: string }, DirectoryUserRow>(
  'directory-users.find-by-terms',
  `${ROWS} and (:id::uuid is null or id = :id::uuid)
     and (:nameKey::text is null or user_name_key = :nameKey)
     and (:externalId::text is null or external_id = :externalId) order by id`,
);

export function directoryUsersBy(
  open: OpenContext,
  { id, nameKey, externalId }: KnownTerms,
): Promise<DirectoryUserRow[]> {
  return open.tx.query(find, { tenantId: open.tenantId, id, nameKey, externalId });
}

const rolesByGroups = statement<{ readonly tenantId: string; readonly id: string }, HeldRole>(
  'directory-users.roles-by-groups',
  `select coalesce(b.built_in_role, r.name) as role, r.permissions, b.modules, b.environments,
     g.name as "group"
   from directory_group_members d
   join groups g on g.tenant_id = d.tenant_id and g.id = d.group_id
   join role_bindings b on b.tenant_id = d.tenant_id and b.subject_kind = 'group'
     and b.subject_id = d.group_id
   left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
   where d.tenant_id = :tenantId and d.directory_user_id = :id`,
);

/** What somebody gets by their groups when they come. */
export function rolesByDirectoryGroups(open: OpenContext, id: string): Promise<HeldRole[]> {
  return open.tx.query(rolesByGroups, { tenantId: open.tenantId, id });
}

const findSource = statement<
  { readonly tenantId: string; readonly userId: string },
  { readonly source: string }
>(
  'directory-users.find-source-of-membership',
  'select source from memberships where tenant_id = :tenantId and user_id = :userId',
);

/** Whether a directory keeps their membership, if they have one. */
export async function isKeptByDirectory(open: OpenContext, userId: string): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.first(findSource, { tenantId, userId }))?.source === 'scim';
}
