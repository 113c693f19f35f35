/** What a key may do: its own grant, and never more than what its owner or its maker may. */
import { type Grant, Grants, type Scope } from '../../kernel/grants.js';
import {
  type Permission,
  PERMISSIONS,
  permissionsOfRole,
  type Role,
} from '../../kernel/permission.js';

/** Sets by name: what the built-in roles hold, now and in later versions. */
export const KEY_SETS = ['read-only', 'operate', 'deploy', 'admin'] as const;
export type KeySet = (typeof KEY_SETS)[number];

const roleOfSet: Readonly<Record<KeySet, Role>> = {
  'read-only': 'Viewer',
  operate: 'Operator',
  deploy: 'Deployer',
  admin: 'Admin',
};

/** As a key's row holds it. */
export interface KeyPower extends Scope {
  readonly name: string;
  readonly permissionSet: KeySet | null;
  /** Null: those of the set. May name what a newer version knows. */
  readonly permissions: readonly string[] | null;
}

export function permissionsOfKey({ permissionSet, permissions }: KeyPower): readonly Permission[] {
  if (permissionSet !== null) return permissionsOfRole[roleOfSet[permissionSet]];
  return PERMISSIONS.filter((permission) => permissions?.includes(permission));
}

/** What it names, before anything is cut off. */
export function grantOfKey(key: KeyPower): Grant {
  const { name, modules, environments } = key;
  const by = `key ${name}`;
  return { permissions: new Set(permissionsOfKey(key)), modules, environments, by };
}

/** What a key would hold and `holder` does not, in the key's whole scope. */
export function missingIn(holder: Grants, grant: Grant): Permission[] {
  return [...grant.permissions].filter((permission) => {
    const alone: Grant = { ...grant, permissions: new Set([permission]) };
    return !new Grants([alone]).isWithin(holder);
  });
}
