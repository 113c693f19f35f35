/** A directory's users as people of the tenant see them. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { AnswerOf } from '../../../platform/http/answer.js';
import type { DirectoryUsersQuery, directoryUserOut } from './directory-users.dto.js';

export type DirectoryUserView = AnswerOf<typeof directoryUserOut>;

const VIEW = `select d.id, d.user_name as "userName", d.display_name as "displayName", d.email,
    s.state, d.user_id as "userId",
    array(select g.name from directory_group_members m
      join groups g on g.tenant_id = m.tenant_id and g.id = m.group_id
      where m.tenant_id = d.tenant_id and m.directory_user_id = d.id order by g.name_key) as groups,
    d.invited_at as "invitedAt",
    exists (select 1 from credentials c where c.tenant_id = d.tenant_id and c.kind = 'invitation'
      and c.subject_id = d.id and c.used_at is null and c.revoked_at is null
      and c.expires_at > :now) as "isInvitationOpen",
    d.created_at as "createdAt"
  from directory_users d cross join lateral (select case when not d.is_active then 'inactive'
    when d.user_id is null then 'waiting' else 'member' end as state) s
  where d.tenant_id = :tenantId`;

type At = { readonly tenantId: string; readonly now: Date };

const find = statement<At & { readonly id: string }, DirectoryUserView>(
  'directory-users.find-view',
  `${VIEW} and d.id = :id`,
);

export function directoryUserView(
  open: OpenContext,
  id: string,
  now: Date,
): Promise<DirectoryUserView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id, now });
}

const list = statement<
  At & {
    readonly state: string | null;
    readonly text: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  DirectoryUserView
>(
  'directory-users.list-views',
  `${VIEW} and (:before::uuid is null or d.id < :before)
     and (:state::text is null or s.state = :state)
     and (:text::text is null or strpos(lower(concat_ws(' ', d.user_name, d.display_name, d.email)),
       lower(:text::text)) > 0)
   order by d.id desc limit :take`,
);

export function directoryUserViews(
  open: OpenContext,
  { state = null, text = null }: Pick<Nullable<DirectoryUsersQuery>, 'state' | 'text'>,
  page: { readonly now: Date; readonly before: string | null; readonly take: number },
): Promise<DirectoryUserView[]> {
  const { now, before, take } = page;
  return open.tx.query(list, { tenantId: open.tenantId, state, text, now, before, take });
}

type Nullable<T> = { readonly [Name in keyof T]: T[Name] | null };
