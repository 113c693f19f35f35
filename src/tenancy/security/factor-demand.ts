import { type Permission, permissionsOfRole, type Role } from '../../kernel/permission.js';
import type { HeldRole } from '../permissions/bindings.js';

const IN_ORDER: readonly Role[] = ['Viewer', 'Operator', 'Deployer', 'Admin'];

/**
 * Whether one of the roles is among those that must show a second factor. A role of the tenant's own
 * counts as the least built-in one that may do as much: whoever may manage people needs what an Admin
 * needs, whatever the role is called.
 */
export function isFactorDemanded(
  held: readonly Pick<HeldRole, 'role' | 'permissions'>[],
  required: ReadonlySet<Role>,
): boolean {
  return held.some((role) => required.has(rankOf(role)));
}

function rankOf({ role, permissions }: Pick<HeldRole, 'role' | 'permissions'>): Role {
  if (permissions === null) return role as Role;
  const isCovered = (by: Role) =>
    permissions.every((name) => permissionsOfRole[by].includes(name as Permission));
  return IN_ORDER.find(isCovered) ?? 'Admin';
}
