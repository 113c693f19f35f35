import { EVERYWHERE, type Grant, Grants } from '../../kernel/grants.js';
import { Permission, PERMISSIONS, permissionsOfRole, type Role } from '../../kernel/permission.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';

/** A role as somebody holds it in a tenant. */
export interface HeldRole {
  /** A built-in one's name, or the tenant's own. */
  readonly role: string;
  /** Of the tenant's own; null: it is built in. May name what a newer version knows. */
  readonly permissions: readonly string[] | null;
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
  /** The group that brings it; null: it is given to the person or account itself. */
  readonly group: string | null;
}

/**
 * The roles of `:subjectId` in `t.id`, as a JSON list of HeldRole: for a select over `tenants t`. A person
 * who is no member holds none, whatever is left of bindings and groups. PlatformAdmin counts from the
 * reserved tenant, everywhere. Fragment: :subjectId, :platformTenantId.
 */
export const ROLES_OF_PERSON = `coalesce((
  select jsonb_agg(jsonb_build_object('role', coalesce(b.built_in_role, r.name),
      'permissions', r.permissions, 'modules', b.modules, 'environments', b.environments,
      'group', g.name) order by b.id)
  from role_bindings b
  left join roles r on r.tenant_id = b.tenant_id and r.id = b.role_id
  left join groups g on b.subject_kind = 'group' and g.tenant_id = b.tenant_id and g.id = b.subject_id
  where (b.tenant_id = t.id and b.built_in_role is distinct from 'PlatformAdmin'
      or b.tenant_id = :platformTenantId and b.built_in_role = 'PlatformAdmin')
    and exists (select 1 from memberships m
      where m.tenant_id = b.tenant_id and m.user_id = :subjectId)
    and (b.subject_kind = 'user' and b.subject_id = :subjectId
      or b.subject_kind = 'group' and exists (select 1 from group_members gm
        where gm.tenant_id = b.tenant_id and gm.group_id = b.subject_id and gm.user_id = :subjectId))
  ), '[]')`;

export function grantsOf(held: readonly HeldRole[]): Grants {
  return new Grants(held.map(grantOf));
}

/** In the reserved tenant platform admins manage where they sign in, and nowhere else. */
export function grantsIn(tenantId: string, held: readonly HeldRole[]): Grants {
  const grants = grantsOf(held);
  if (tenantId !== PLATFORM_TENANT.id || !grants.find(Permission.TenantsManage)) return grants;
  const permissions = new Set<Permission>([Permission.IdentityProvidersManage]);
  return new Grants([...grants.all, { ...EVERYWHERE, permissions, by: 'role PlatformAdmin' }]);
}

function grantOf({ role, permissions, modules, environments, group }: HeldRole): Grant {
  const by = group === null ? `role ${role}` : `role ${role} by group ${group}`;
  const known = permissions?.filter(isPermission) ?? permissionsOfRole[role as Role];
  return { permissions: new Set(known), modules, environments, by };
}

/** Their names, each once. */
export function roleNamesOf(held: readonly HeldRole[]): string[] {
  return [...new Set(held.map(({ role }) => role))].sort();
}

function isPermission(name: string): name is Permission {
  return (PERMISSIONS as readonly string[]).includes(name);
}
