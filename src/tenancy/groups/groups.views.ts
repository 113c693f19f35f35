/** Groups and their members as HTTP answers them. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { AnswerOf } from '../../platform/http/answer.js';
import type { groupMemberOut, groupOut } from './groups.dto.js';

export type GroupView = AnswerOf<typeof groupOut>;
export type GroupMember = AnswerOf<typeof groupMemberOut>;

/** One page of a list: before that id, newest first. */
interface Slice {
  readonly before: string | null;
  readonly take: number;
}

const VIEW = `select g.id, g.name, g.description, g.source, g.version, g.created_at as "createdAt",
    (select count(*)::int from group_members gm
      where gm.tenant_id = g.tenant_id and gm.group_id = g.id) as members
  from groups g where g.tenant_id = :tenantId`;

const find = statement<{ readonly tenantId: string; readonly id: string }, GroupView>(
  'groups.find-view',
  `${VIEW} and g.id = :id`,
);

export function groupView(open: OpenContext, id: string): Promise<GroupView | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, id });
}

const list = statement<
  {
    readonly tenantId: string;
    readonly userId: string | null;
    readonly before: string | null;
    readonly take: number;
  },
  GroupView
>(
  'groups.list-views',
  `${VIEW} and (:before::uuid is null or g.id < :before)
     and (:userId::uuid is null or exists (select 1 from group_members own
       where own.tenant_id = g.tenant_id and own.group_id = g.id and own.user_id = :userId))
   order by g.id desc limit :take`,
);

export function groupViews(
  open: OpenContext,
  userId: string | undefined,
  { before, take }: Slice,
): Promise<GroupView[]> {
  return open.tx.query(list, { tenantId: open.tenantId, userId: userId ?? null, before, take });
}

const MEMBER_VIEW = `select u.id, u.username, u.display_name as "displayName", gm.source,
    gm.created_at as since
  from group_members gm join users u on u.id = gm.user_id
  where gm.tenant_id = :tenantId and gm.group_id = :groupId`;

type OfGroup = { readonly tenantId: string; readonly groupId: string };

const listMembers = statement<
  OfGroup & { readonly before: string | null; readonly take: number },
  GroupMember
>(
  'group-members.list-views',
  `${MEMBER_VIEW} and (:before::uuid is null or u.id < :before)
   order by u.id desc limit :take`,
);

/** The newest accounts first. */
export function groupMembers(
  open: OpenContext,
  groupId: string,
  { before, take }: Slice,
): Promise<GroupMember[]> {
  return open.tx.query(listMembers, { tenantId: open.tenantId, groupId, before, take });
}

const findMember = statement<OfGroup & { readonly userId: string }, GroupMember>(
  'group-members.find-view',
  `${MEMBER_VIEW} and gm.user_id = :userId`,
);

export function groupMember(
  open: OpenContext,
  groupId: string,
  userId: string,
): Promise<GroupMember | undefined> {
  return open.tx.first(findMember, { tenantId: open.tenantId, groupId, userId });
}
