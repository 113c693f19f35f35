/** Who could decide now: present facts, counted anew at each decision. */
import { environmentKey } from '../../../kernel/environment-key.js';
import { Permission, permissionsOfRole, ROLES } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import { grantsOf, type HeldRole } from '../../../tenancy/permissions/bindings.js';
import type { ApprovalRule, People, PersonFacts } from '../rule.js';

/** Which rules, and where. */
export interface FactsAsked {
  readonly rules: readonly Pick<ApprovalRule, 'kind'>[];
  readonly target: { readonly module: string; readonly environment: string };
}

export interface Decider {
  readonly id: string;
  readonly roles: readonly HeldRole[];
  readonly groups: readonly string[];
}

/** Of a tenant's own roles PlatformAdmin is none, and it is bound in no tenant but the reserved one. */
const DECIDING_ROLES = ROLES.filter((role) =>
  permissionsOfRole[role].includes(Permission.ApprovalsDecide),
);

const BOUND_TO_PERSON = `b.tenant_id = m.tenant_id and (b.subject_kind = 'user' and b.subject_id = m.user_id
  or b.subject_kind = 'group' and b.subject_id in (select gm.group_id from group_members gm
    where gm.tenant_id = m.tenant_id and gm.user_id = m.user_id))`;

const findDeciders = statement<
  {
    readonly tenantId: string;
    readonly decidingRoles: readonly string[];
    readonly permission: string;
    /** Null: everybody. */
    readonly personId: string | null;
  },
  Decider
>(
  'approvals.find-deciders',
  `select u.id,
     (select jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
         'permissions', r.permissions, 'modules', b.modules, 'environments', b.environments,
         'group', null) order by b.id)
       from role_bindings b left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
       where ${BOUND_TO_PERSON}) as roles,
     array(select gm.group_id from group_members gm
       where gm.tenant_id = m.tenant_id and gm.user_id = m.user_id order by gm.group_id) as groups
   from memberships m join users u on u.id = m.user_id
   where m.tenant_id = :tenantId and u.disabled_at is null
     and (:personId::uuid is null or u.id = :personId) and exists (
     select 1 from role_bindings b left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
     where ${BOUND_TO_PERSON} and (b.built_in_role = any(:decidingRoles::text[])
       or :permission::text = any(r.permissions)))
   order by u.id`,
);

/**
 * Everybody who may decide there at all, by a role of their own or of a group: only active members, and
 * nobody else may, whatever a rule names. Rules that no person decides cost no statement.
 */
export async function approverFacts(
  open: OpenContext,
  { rules, target }: FactsAsked,
): Promise<People> {
  if (!rules.some(({ kind }) => kind === 'people')) return new Map();
  return factsAt(await decidersOf(open), target);
}

/** Whoever may decide anything anywhere in the tenant; `personId`: if it is this person. */
export function decidersOf(open: OpenContext, personId: string | null = null): Promise<Decider[]> {
  const { tenantId } = open;
  const asked = { decidingRoles: DECIDING_ROLES, permission: Permission.ApprovalsDecide, personId };
  return open.tx.query(findDeciders, { tenantId, ...asked });
}

export function factsAt(deciders: readonly Decider[], target: FactsAsked['target']): People {
  return new Map(deciders.map((decider) => [decider.id, factsOf(decider, target)]));
}

function factsOf({ roles, groups }: Decider, target: FactsAsked['target']): PersonFacts {
  return {
    roles: roles.filter((held) => countsAt(held, target)).map(({ role }) => role),
    groups,
    isActive: true,
    mayDecide: grantsOf(roles).find(Permission.ApprovalsDecide, target) !== undefined,
  };
}

function countsAt({ modules, environments }: HeldRole, target: FactsAsked['target']): boolean {
  const key = environmentKey(target.environment);
  return (
    (modules?.includes(target.module) ?? true) &&
    (environments?.some((each) => environmentKey(each) === key) ?? true)
  );
}
