/** What may be done. A role is a named set of these; an access key carries a subset. */
export const Permission = {
  EnvironmentsRead: 'environments:read',
  EnvironmentsManage: 'environments:manage',
  FleetRead: 'fleet:read',
  FleetManage: 'fleet:manage',
  ReleasesRead: 'releases:read',
  ReleasesCreate: 'releases:create',
  SigningKeysManage: 'signing-keys:manage',
  DeploymentsRead: 'deployments:read',
  DeploymentsCreate: 'deployments:create',
  DeploymentsOperate: 'deployments:operate',
  GatesOverride: 'gates:override',
  HealthRead: 'health:read',
  TenantsManage: 'tenants:manage',
} as const;

export type Permission = (typeof Permission)[keyof typeof Permission];

export const ROLES = ['Viewer', 'Deployer', 'Admin', 'PlatformAdmin'] as const;
export type Role = (typeof ROLES)[number];

const viewer: Permission[] = [
  Permission.EnvironmentsRead,
  Permission.FleetRead,
  Permission.ReleasesRead,
  Permission.DeploymentsRead,
];
const deployer: Permission[] = [
  ...viewer,
  Permission.ReleasesCreate,
  Permission.DeploymentsCreate,
  Permission.DeploymentsOperate,
];
const admin: Permission[] = [
  ...deployer,
  Permission.EnvironmentsManage,
  Permission.FleetManage,
  Permission.SigningKeysManage,
  Permission.GatesOverride,
  Permission.HealthRead,
];

export const permissionsOfRole: Readonly<Record<Role, readonly Permission[]>> = {
  Viewer: viewer,
  Deployer: deployer,
  Admin: admin,
  PlatformAdmin: [Permission.TenantsManage, Permission.HealthRead],
};
