/** Roles that people give to people: found by their names, and no more than the giver may give. */
import { Grants, type Scope } from '../../kernel/grants.js';
import { Permission, type Role, ROLES } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { grantsOf, type HeldRole } from '../permissions/bindings.js';
import { bindRole } from '../permissions/role-bindings.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { accountKey } from './account-name.js';
import type { GivenRole } from './given-roles.dto.js';
import { ownRoles } from './members.views.js';
import { platformRole, roleBeyondOwn, roleUnknown } from './user.errors.js';

/** One that exists now. */
export interface FoundRole extends HeldRole {
  readonly bound: Role | { readonly id: string };
}

/** Throws `role-unknown`, `platform-role`. */
export async function findRoles(
  open: OpenContext,
  given: readonly GivenRole[],
): Promise<FoundRole[]> {
  const own = await ownRoles(
    open,
    given.map(({ role }) => accountKey(role)),
  );
  return given.map(({ role: name, modules, environments }) => {
    const scope: Scope = { modules, environments };
    if (isBuiltIn(name)) {
      if (name === 'PlatformAdmin' && open.tenantId !== PLATFORM_TENANT.id) throw platformRole();
      return { role: name, permissions: null, group: null, bound: name, ...scope };
    }
    const found = own.find(({ key }) => key === accountKey(name));
    if (!found) throw roleUnknown(name);
    const { id, permissions } = found;
    return { role: found.name, permissions, group: null, bound: { id }, ...scope };
  });
}

/**
 * Who holds `roles:manage` gives and takes every role of the tenant; PlatformAdmin is given by platform
 * admins only. Everybody else gives and takes what they hold themselves, and no more. Throws
 * `role-beyond-own`, `platform-role`.
 */
export function checkMayGive(giver: Grants, roles: readonly HeldRole[]): void {
  const isOfPlatform = roles.some(({ role }) => role === 'PlatformAdmin');
  if (isOfPlatform && !giver.find(Permission.TenantsManage)) throw platformRole();
  if (giver.find(Permission.RolesManage)) return;
  const beyond = roles.find((role) => !grantsOf([role]).isWithin(giver));
  if (beyond) throw roleBeyondOwn(beyond.role);
}

/** Those that are held already stay as they are. */
export async function bindAll(
  open: OpenContext,
  userId: string,
  roles: readonly FoundRole[],
): Promise<void> {
  for (const { bound, modules, environments } of roles) {
    await bindRole(open, {
      role: bound,
      subject: { kind: 'user', id: userId },
      scope: { modules, environments },
    });
  }
}

function isBuiltIn(name: string): name is Role {
  return (ROLES as readonly string[]).includes(name);
}
