/**
 * The rule against climbing: nobody makes, gives or takes a role that may do more than they may
 * themselves, or in more places, whatever they manage. Adding somebody to a group gives its roles.
 */
import { type Grant, Grants, type Scope } from '../../kernel/grants.js';
import { type Permission, type Role, ROLES } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { ownRolesNamed } from '../roles/roles.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { accountKey } from '../users/account-name.js';
import { grantsOf, type HeldRole } from './bindings.js';
import { platformRole, roleBeyondOwn, roleUnknown } from './giving.errors.js';

/** A role as somebody gives it. */
export interface GivenRole extends Scope {
  /** A built-in role's name, or that of one of the tenant's own. */
  readonly role: string;
}

/** One that exists now. */
export interface FoundRole extends HeldRole {
  readonly bound: Role | { readonly id: string };
}

/** Throws `role-unknown`, `platform-role`. */
export async function findRoles(
  open: OpenContext,
  given: readonly GivenRole[],
): Promise<FoundRole[]> {
  const found = await rolesThatExist(open, given);
  return given.map(({ role }, index) => found[index] ?? refuse(role));
}

function refuse(role: string): never {
  throw isBuiltIn(role) ? platformRole() : roleUnknown(role);
}

/** In their order; null: there is no such role, or none for this tenant to give. */
export async function rolesThatExist(
  open: OpenContext,
  given: readonly GivenRole[],
): Promise<(FoundRole | null)[]> {
  if (given.length === 0) return [];
  const keys = given.map(({ role }) => accountKey(role));
  const own = await ownRolesNamed(open, keys);
  return given.map(({ role: name, modules, environments }) => {
    const held = { group: null, modules, environments };
    if (isBuiltIn(name)) {
      if (name === 'PlatformAdmin' && open.tenantId !== PLATFORM_TENANT.id) return null;
      return { ...held, role: name, permissions: null, bound: name };
    }
    const found = own.find(({ key }) => key === accountKey(name));
    if (!found) return null;
    const { id, permissions } = found;
    return { ...held, role: found.name, permissions, bound: { id } };
  });
}

/** Throws `role-beyond-own`, `platform-role`. */
export function checkMayGive(giver: Grants, roles: readonly HeldRole[]): void {
  for (const held of roles) {
    const lacking = grantsOf([held]).all.flatMap((grant) => lackingOf(giver, grant));
    if (lacking.length === 0) continue;
    if (held.role === 'PlatformAdmin') throw platformRole();
    throw roleBeyondOwn(held.role, lacking, held);
  }
}

/** What of a grant the giver lacks, somewhere where it would count. */
export function lackingOf(giver: Grants, grant: Grant): Permission[] {
  return [...grant.permissions].filter(
    (permission) => !new Grants([{ ...grant, permissions: new Set([permission]) }]).isWithin(giver),
  );
}

export function isBuiltIn(name: string): name is Role {
  return (ROLES as readonly string[]).includes(name);
}
