/** The table `role_bindings`: who holds which role, and where it counts. */
import { EVERYWHERE, type Scope } from '../../kernel/grants.js';
import { newId } from '../../kernel/ids.js';
import type { Role } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { lastAdmin } from '../tenancy.errors.js';
import type { HeldRole } from './bindings.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

export interface BindingSubject {
  readonly kind: 'user' | 'group' | 'service-account';
  readonly id: string;
}

/** Who gives and takes it: people, a rule of an identity provider at sign-in, a directory. */
export type BindingSource = 'manual' | 'claim' | 'scim';

export interface NewBinding {
  /** A built-in role's name, or the id of one of the tenant's own. */
  readonly role: Role | { readonly id: string };
  readonly subject: BindingSubject;
  readonly scope?: Scope;
  readonly source?: BindingSource;
  /** Whose rule gives it; only beside `claim`. */
  readonly providerId?: string;
}

const insert = statement<
  {
    readonly tenantId: string;
    readonly id: string;
    readonly builtInRole: Role | null;
    readonly roleId: string | null;
    readonly subjectKind: string;
    readonly subjectId: string;
    readonly modules: readonly string[] | null;
    readonly environments: readonly string[] | null;
    readonly source: string;
    readonly providerId: string | null;
  },
  { readonly id: string }
>(
  'role-bindings.insert',
  `insert into role_bindings (tenant_id, id, built_in_role, role_id, subject_kind, subject_id, modules,
     environments, source, provider_id)
   values (:tenantId, :id, :builtInRole, :roleId, :subjectKind, :subjectId, :modules::text[],
     :environments::text[], :source, :providerId)
   on conflict do nothing returning id`,
);

/** Returns its id; undefined: the same is there already. */
export async function bindRole(
  open: OpenContext,
  binding: NewBinding,
): Promise<string | undefined> {
  const { role, subject, scope = EVERYWHERE, source = 'manual', providerId = null } = binding;
  const row = await open.tx.first(insert, {
    tenantId: open.tenantId,
    id: newId(),
    builtInRole: typeof role === 'string' ? role : null,
    roleId: typeof role === 'string' ? null : role.id,
    subjectKind: subject.kind,
    subjectId: subject.id,
    modules: spelled(scope.modules),
    environments: spelled(scope.environments),
    source,
    providerId,
  });
  return row?.id;
}

/** Each name once and in order, so that the same scope is the same row. */
function spelled(names: readonly string[] | null): readonly string[] | null {
  return names && [...new Set(names)].sort();
}

type OfSubject = {
  readonly tenantId: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  /** Null: whoever has given them. */
  readonly source: string | null;
};

const removeAll = statement<OfSubject>(
  'role-bindings.remove-all',
  `delete from role_bindings where tenant_id = :tenantId and subject_kind = :subjectKind
     and subject_id = :subjectId and source = coalesce(:source, source)`,
);

/** Takes all roles that stand with the subject itself, or those from one source; returns how many. */
export function removeRolesOf(
  open: OpenContext,
  subject: BindingSubject,
  source: BindingSource | null = null,
): Promise<number> {
  return open.tx.execute(removeAll, {
    tenantId: open.tenantId,
    subjectKind: subject.kind,
    subjectId: subject.id,
    source,
  });
}

const findOfSubject = statement<Omit<OfSubject, 'source'>, HeldRole>(
  'role-bindings.of-subject',
  `select coalesce(b.built_in_role, r.name) as role, r.permissions, b.modules, b.environments,
     null::text as "group"
   from role_bindings b left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
   where b.tenant_id = :tenantId and b.subject_kind = :subjectKind and b.subject_id = :subjectId`,
);

/** What stands with the subject itself. */
export function rolesOf(open: OpenContext, { kind, id }: BindingSubject): Promise<HeldRole[]> {
  return open.tx.query(findOfSubject, {
    tenantId: open.tenantId,
    subjectKind: kind,
    subjectId: id,
  });
}

const findOfRole = statement<
  { readonly tenantId: string; readonly roleId: string },
  BindingSubject
>(
  'role-bindings.of-role',
  `select subject_kind as kind, subject_id as id from role_bindings
   where tenant_id = :tenantId and role_id = :roleId`,
);

/** Who has one of the tenant's own roles: one for each time that it is given. */
export function bindingsOfRole(open: OpenContext, roleId: string): Promise<BindingSubject[]> {
  return open.tx.query(findOfRole, { tenantId: open.tenantId, roleId });
}

const remove = statement<{ readonly tenantId: string; readonly id: string }>(
  'role-bindings.remove',
  'delete from role_bindings where tenant_id = :tenantId and id = :id',
);

export async function removeBinding(open: OpenContext, id: string): Promise<void> {
  await open.tx.execute(remove, { tenantId: open.tenantId, id });
}

const count = statement<
  Omit<OfSubject, 'source'>,
  { readonly ofTenant: number; readonly ofSubject: number }
>(
  'role-bindings.count',
  `select count(*)::int as "ofTenant",
     count(*) filter (where subject_kind = :subjectKind and subject_id = :subjectId)::int
       as "ofSubject"
   from role_bindings where tenant_id = :tenantId`,
);

export async function countBindings(
  open: OpenContext,
  { kind, id }: BindingSubject,
): Promise<{ readonly ofTenant: number; readonly ofSubject: number }> {
  const row = await open.tx.first(count, {
    tenantId: open.tenantId,
    subjectKind: kind,
    subjectId: id,
  });
  return row ?? { ofTenant: 0, ofSubject: 0 };
}

const lockAdmins = statement<{ readonly lock: string }>(
  'role-bindings.lock-admins',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:admins:' || :lock, 0))`,
);

/**
 * Before anything that could take a tenant's last Admin away: one such change of a tenant at a time,
 * until the transaction ends.
 */
export async function lockAdminsOf(open: OpenContext): Promise<void> {
  await open.tx.execute(lockAdmins, { lock: open.tenantId });
}

const findAdmin = statement<
  { readonly tenantId: string; readonly role: Role },
  { readonly id: string }
>(
  'role-bindings.find-admin',
  `select u.id from memberships m join users u on u.id = m.user_id
   where m.tenant_id = :tenantId and u.disabled_at is null and exists (
     select 1 from role_bindings b where b.tenant_id = m.tenant_id and b.built_in_role = :role
       and b.modules is null and b.environments is null
       and (b.subject_kind = 'user' and b.subject_id = m.user_id
         or b.subject_kind = 'group' and exists (select 1 from group_members gm
           where gm.tenant_id = b.tenant_id and gm.group_id = b.subject_id
             and gm.user_id = m.user_id)))
   limit 1`,
);

/**
 * After the change, in the transaction that `lockAdminsOf` has begun with. Throws `last-admin` when
 * nobody is left who may manage everything, by a role of their own or of a group.
 */
export async function checkAdminIsLeft(open: OpenContext): Promise<void> {
  if (!(await hasAdmin(open))) throw lastAdmin();
}

/** Whether anybody may manage everything. */
export async function hasAdmin(open: OpenContext): Promise<boolean> {
  const { tenantId } = open;
  // The reserved tenant is managed by its platform admins.
  const role: Role = tenantId === PLATFORM_TENANT.id ? 'PlatformAdmin' : 'Admin';
  return (await open.tx.first(findAdmin, { tenantId, role })) !== undefined;
}
