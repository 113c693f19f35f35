/** People as their tenant sees them: what a membership brings, and what belongs to the person. */
import type { OpenContext } from '../../platform/context.js';
import {
  hasText,
  FILTERED,
  pageAfter,
  sortParameters,
  type SortParameters,
  sortText,
  timeText,
  wordText,
} from '../../platform/database/sorting.js';
import { statement } from '../../platform/database/statement.js';
import type { SortedSlice } from '../../platform/http/sorted-page.js';
import type { MemberView, UsersQuery } from './users.dto.js';

const COLUMNS = `select u.id, u.username, u.email, u.display_name as "displayName",
    u.disabled_at is not null as "isDisabled", m.source, m.created_at as "joinedAt",
    coalesce((select jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
        'modules', b.modules, 'environments', b.environments, 'group', g.name, 'source', b.source)
        order by b.id)
      from role_bindings b
      left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
      left join groups g on b.subject_kind = 'group' and g.tenant_id = b.tenant_id
        and g.id = b.subject_id
      where b.tenant_id = m.tenant_id and (b.subject_kind = 'user' and b.subject_id = m.user_id
        or b.subject_kind = 'group' and exists (select 1 from group_members gm
          where gm.tenant_id = b.tenant_id and gm.group_id = b.subject_id
            and gm.user_id = m.user_id))), '[]') as roles,
    coalesce((select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name) order by g.name_key)
      from groups g join group_members gm on gm.tenant_id = g.tenant_id and gm.group_id = g.id
      where g.tenant_id = m.tenant_id and gm.user_id = m.user_id), '[]') as groups`;
const TABLES = `
  from memberships m join users u on u.id = m.user_id
  where m.tenant_id = :tenantId`;

const find = statement<{ readonly tenantId: string; readonly userId: string }, MemberView>(
  'members.find-view',
  `${COLUMNS} ${TABLES} and m.user_id = :userId`,
);

/** Undefined: no member of this tenant, whoever that may be. */
export function memberView(open: OpenContext, userId: string): Promise<MemberView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, userId });
}

const SORT = sortText({
  createdAt: `''`,
  username: wordText('u.username'),
  joinedAt: timeText('m.created_at'),
});

interface MemberFilter extends SortParameters {
  readonly tenantId: string;
  readonly text: string | null;
  readonly role: string | null;
}

type ListedMember = MemberView & { readonly sortValue: string };

const listSql = (isFalling: boolean): string => {
  const { condition, order } = pageAfter('"sortValue"', 'id', { isFalling });
  return `select * from (${COLUMNS}, ${SORT} as "sortValue" ${TABLES}
      and ${hasText(['u.username', 'u.email', 'u.display_name'])}) as found
    where (:role::text is null or roles @> jsonb_build_array(jsonb_build_object('role', :role::text)))
      and ${condition} ${order}`;
};

const FALLING = statement<MemberFilter, ListedMember>(
  'members.list-falling',
  listSql(true),
  FILTERED,
);
const RISING = statement<MemberFilter, ListedMember>(
  'members.list-rising',
  listSql(false),
  FILTERED,
);

/** In the order that is asked for; of those whose name or address has the text in it. */
export function memberViews(
  open: OpenContext,
  { text, role }: Pick<UsersQuery, 'text' | 'role'>,
  slice: SortedSlice,
): Promise<ListedMember[]> {
  const { tenantId } = open;
  const given = { ...sortParameters(slice), tenantId, text: text ?? null, role: role ?? null };
  return slice.isFalling ? open.tx.query(FALLING, given) : open.tx.query(RISING, given);
}

const findByEmail = statement<
  { readonly tenantId: string; readonly emailKey: string },
  { readonly id: string }
>(
  'members.find-by-email',
  `select u.id from memberships m join users u on u.id = m.user_id
   where m.tenant_id = :tenantId and lower(u.email) = :emailKey`,
);

export async function isMember(open: OpenContext, emailKey: string): Promise<boolean> {
  const { tenantId } = open;
  return (await open.tx.first(findByEmail, { tenantId, emailKey })) !== undefined;
}
