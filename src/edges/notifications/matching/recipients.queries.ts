/** Who could be told: people of the tenant and groups, with what they may do now. */
import type { Grants } from '../../../kernel/grants.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { grantsOf, type HeldRole } from '../../../tenancy/permissions/bindings.js';
import { accountKey } from '../../../tenancy/users/account-name.js';

/** A member of the tenant whose account is not suspended. */
export interface Recipient {
  readonly id: string;
  /** Null: nobody can write to them. */
  readonly email: string | null;
  readonly grants: Grants;
}

/** Of bindings `b`, with the tenant's own roles `r`. */
const HELD = `coalesce(jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
    'permissions', r.permissions, 'modules', b.modules, 'environments', b.environments,
    'group', null) order by b.id), '[]')`;
const BINDINGS = `from role_bindings b
  left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
  where b.built_in_role is distinct from 'PlatformAdmin'`;

type Ids = { readonly tenantId: string; readonly ids: readonly string[] };

const findPeople = statement<
  Ids,
  { readonly id: string; readonly email: string | null; readonly roles: readonly HeldRole[] }
>(
  'notifications.find-people',
  `select u.id, u.email, (select ${HELD} ${BINDINGS} and b.tenant_id = m.tenant_id
      and (b.subject_kind = 'user' and b.subject_id = m.user_id
        or b.subject_kind = 'group' and b.subject_id in (select gm.group_id from group_members gm
          where gm.tenant_id = m.tenant_id and gm.user_id = m.user_id))) as roles
   from memberships m join users u on u.id = m.user_id
   where m.tenant_id = :tenantId and m.user_id = any(:ids::uuid[]) and u.disabled_at is null`,
);

/** Of these, those who are members now, by id: whoever is gone or suspended is told nothing. */
export async function recipientsOf(
  open: OpenContext,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, Recipient>> {
  const asked = { tenantId: open.tenantId, ids: [...new Set(ids)].sort() };
  if (asked.ids.length === 0) return new Map();
  const rows = await open.tx.query(findPeople, asked);
  return new Map(rows.map(({ id, email, roles }) => [id, { id, email, grants: grantsOf(roles) }]));
}

const findGroups = statement<Ids, { readonly id: string; readonly roles: readonly HeldRole[] }>(
  'notifications.find-groups',
  `select g.id, (select ${HELD} ${BINDINGS} and b.tenant_id = g.tenant_id
      and b.subject_kind = 'group' and b.subject_id = g.id) as roles
   from groups g where g.tenant_id = :tenantId and g.id = any(:ids::uuid[])`,
);

/** What the roles that a group holds let its members do; of groups that are there. */
export async function grantsOfGroups(
  open: OpenContext,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, Grants>> {
  const asked = { tenantId: open.tenantId, ids: [...new Set(ids)].sort() };
  if (asked.ids.length === 0) return new Map();
  const rows = await open.tx.query(findGroups, asked);
  return new Map(rows.map(({ id, roles }) => [id, grantsOf(roles)]));
}

const findAdmins = statement<{ readonly tenantId: string }, { readonly id: string }>(
  'notifications.find-admins',
  `select m.user_id as id from memberships m where m.tenant_id = :tenantId and exists (
     select 1 from role_bindings b where b.tenant_id = m.tenant_id and b.built_in_role = 'Admin'
       and b.modules is null and b.environments is null
       and (b.subject_kind = 'user' and b.subject_id = m.user_id
         or b.subject_kind = 'group' and b.subject_id in (select gm.group_id from group_members gm
           where gm.tenant_id = m.tenant_id and gm.user_id = m.user_id)))
   order by m.user_id`,
);

/** Ids of those who hold the role Admin everywhere in the tenant. */
export async function adminsOf(open: OpenContext): Promise<readonly string[]> {
  const rows = await open.tx.query(findAdmins, { tenantId: open.tenantId });
  return rows.map(({ id }) => id);
}

const findMembers = statement<
  { readonly tenantId: string; readonly nameKey: string },
  { readonly id: string }
>(
  'notifications.find-members-of-group',
  `select gm.user_id as id from groups g
   join group_members gm on gm.tenant_id = g.tenant_id and gm.group_id = g.id
   where g.tenant_id = :tenantId and g.name_key = :nameKey order by gm.user_id`,
);

/** Of the group of that name; empty: it has none, or there is no such group. */
export async function membersOfGroup(open: OpenContext, name: string): Promise<readonly string[]> {
  const nameKey = accountKey(name);
  const rows = await open.tx.query(findMembers, { tenantId: open.tenantId, nameKey });
  return rows.map(({ id }) => id);
}
