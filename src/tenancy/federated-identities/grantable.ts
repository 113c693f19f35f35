import { Permission, permissionsOfRole } from '../../kernel/permission.js';

const READING = permissionsOfRole.Viewer;
const OPERATING = permissionsOfRole.Operator;
const DEPLOYING: readonly Permission[] = [
  ...OPERATING,
  Permission.ReleasesCreate,
  Permission.ConfigurationsCreate,
  Permission.DeploymentsCreate,
  Permission.DeploymentsRetry,
];

/** All that a pipeline may ever do: nothing about people, roles, keys, nodes or rules of the tenant. */
export const GRANTABLE = DEPLOYING;

/** Names for what most pipelines need. */
export const PERMISSION_SETS = {
  'read-only': READING,
  operate: OPERATING,
  deploy: DEPLOYING,
} as const;

export type PermissionSetName = keyof typeof PERMISSION_SETS;
export const PERMISSION_SET_NAMES = Object.keys(PERMISSION_SETS) as PermissionSetName[];

export function permissionsOf(chosen: PermissionSetName | readonly Permission[]): Permission[] {
  const permissions = typeof chosen === 'string' ? PERMISSION_SETS[chosen] : chosen;
  return [...new Set(permissions)].sort();
}
