/** People as their tenant sees them: what a membership brings, and what belongs to the person. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { MemberView } from './users.dto.js';

const VIEW = `select u.id, u.username, u.email, u.display_name as "displayName",
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
      where g.tenant_id = m.tenant_id and gm.user_id = m.user_id), '[]') as groups
  from memberships m join users u on u.id = m.user_id
  where m.tenant_id = :tenantId`;

const find = statement<{ readonly tenantId: string; readonly userId: string }, MemberView>(
  'members.find-view',
  `${VIEW} and m.user_id = :userId`,
);

/** Undefined: no member of this tenant, whoever that may be. */
export function memberView(open: OpenContext, userId: string): Promise<MemberView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, userId });
}

const list = statement<
  {
    readonly tenantId: string;
    readonly text: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  MemberView
>(
  'members.list-views',
  `${VIEW} and (:before::uuid is null or u.id < :before)
     and (:text::text is null or strpos(lower(concat_ws(' ', u.username, u.email, u.display_name)),
       lower(:text::text)) > 0)
   order by u.id desc limit :take`,
);

/** Newest account first; of those whose name or address has the text in it, when there is one. */
export function memberViews(
  open: OpenContext,
  text: string | undefined,
  { before, take }: { readonly before: string | null; readonly take: number },
): Promise<MemberView[]> {
  return open.tx.query(list, { tenantId: open.tenantId, text: text ?? null, before, take });
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
