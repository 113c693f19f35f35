/** What claims give in `memberships`, `group_members` and `role_bindings`: the rows of their source. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

type Member = { readonly tenantId: string; readonly userId: string };

const hasMember = statement<Member, { readonly userId: string }>(
  'memberships.find-member',
  'select user_id as "userId" from memberships where tenant_id = :tenantId and user_id = :userId',
);

export async function isMember(open: OpenContext, userId: string): Promise<boolean> {
  return (await open.tx.first(hasMember, { tenantId: open.tenantId, userId })) !== undefined;
}

/** A role or a group that claims have given until now. */
export interface ClaimedRow {
  readonly kind: 'role' | 'group';
  /** A built-in role's name, or an id. */
  readonly target: string;
  readonly isBuiltIn: boolean;
  readonly name: string;
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
  readonly providerId: string | null;
}

const findClaimed = statement<Member, ClaimedRow>(
  'role-bindings.find-claimed',
  `select 'role' as kind, coalesce(b.built_in_role, b.role_id::text) as target,
     b.built_in_role is not null as "isBuiltIn", coalesce(b.built_in_role, r.name) as name,
     b.modules, b.environments, b.provider_id as "providerId"
   from role_bindings b left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
   where b.tenant_id = :tenantId and b.subject_kind = 'user' and b.subject_id = :userId
     and b.source = 'claim'
   union all
   select 'group', g.id::text, false, g.name, null, null, m.provider_id
   from group_members m join groups g on g.tenant_id = m.tenant_id and g.id = m.group_id
   where m.tenant_id = :tenantId and m.user_id = :userId and m.source = 'claim'`,
);

export function claimedBy(open: OpenContext, userId: string): Promise<ClaimedRow[]> {
  return open.tx.query(findClaimed, { tenantId: open.tenantId, userId });
}

const leave = statement<Member>(
  'group-members.leave-claimed',
  `delete from group_members where tenant_id = :tenantId and user_id = :userId
     and source = 'claim'`,
);

export async function leaveClaimedGroups(open: OpenContext, userId: string): Promise<void> {
  await open.tx.execute(leave, { tenantId: open.tenantId, userId });
}

const enter = statement<Member & { readonly groupId: string; readonly providerId: string | null }>(
  'group-members.join-by-claim',
  `insert into group_members (tenant_id, group_id, user_id, source, provider_id)
   values (:tenantId, :groupId, :userId, 'claim', :providerId) on conflict do nothing`,
);

export async function enterByClaim(
  open: OpenContext,
  userId: string,
  { target: groupId, providerId }: Pick<ClaimedRow, 'target' | 'providerId'>,
): Promise<void> {
  await open.tx.execute(enter, { tenantId: open.tenantId, userId, groupId, providerId });
}

type OfProvider = { readonly tenantId: string; readonly providerId: string };
type Holder = { readonly userId: string };

const dropRoles = statement<OfProvider, Holder>(
  'role-bindings.drop-of-provider',
  `delete from role_bindings where tenant_id = :tenantId and provider_id = :providerId
   returning subject_id as "userId"`,
);

const dropGroups = statement<OfProvider, Holder>(
  'group-members.drop-of-provider',
  `delete from group_members where tenant_id = :tenantId and provider_id = :providerId
   returning user_id as "userId"`,
);

/** All that rules of a provider have given; returns who had something of it, each once. */
export async function dropClaimedOf(open: OpenContext, providerId: string): Promise<string[]> {
  const of = { tenantId: open.tenantId, providerId };
  const held = [...(await open.tx.query(dropRoles, of)), ...(await open.tx.query(dropGroups, of))];
  return [...new Set(held.map(({ userId }) => userId))];
}
