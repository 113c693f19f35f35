/** What may be done. A role is a named set of these; an access key carries a subset. */
export const Permission = {
  EnvironmentsRead: 'environments:read',
  EnvironmentsManage: 'environments:manage',
  FleetRead: 'fleet:read',
  FleetManage: 'fleet:manage',
  ReleasesRead: 'releases:read',
  ReleasesCreate: 'releases:create',
  ConfigurationsRead: 'configurations:read',
  ConfigurationsCreate: 'configurations:create',
  SigningKeysManage: 'signing-keys:manage',
  DeploymentsRead: 'deployments:read',
  DeploymentsCreate: 'deployments:create',
  DeploymentsPause: 'deployments:pause',
  DeploymentsResume: 'deployments:resume',
  DeploymentsPromote: 'deployments:promote',
  DeploymentsCancel: 'deployments:cancel',
  DeploymentsRollback: 'deployments:rollback',
  DeploymentsRetry: 'deployments:retry',
  GatesOverride: 'gates:override',
  ApprovalsRead: 'approvals:read',
  ApprovalsDecide: 'approvals:decide',
  ApprovalsBreakGlass: 'approvals:break-glass',
  ApprovalPoliciesManage: 'approval-policies:manage',
  FreezesManage: 'freezes:manage',
  FreezesOverride: 'freezes:override',
  KillSwitchManage: 'kill-switch:manage',
  HoldsRelease: 'holds:release',
  ChannelsManage: 'channels:manage',
  SubscriptionsManage: 'subscriptions:manage',
  AccessKeysCreate: 'access-keys:create',
  AccessKeysManage: 'access-keys:manage',
  ServiceAccountsManage: 'service-accounts:manage',
  FederatedIdentitiesManage: 'federated-identities:manage',
  IdentityProvidersManage: 'identity-providers:manage',
  UsersRead: 'users:read',
  UsersManage: 'users:manage',
  RolesManage: 'roles:manage',
  SecurityManage: 'security:manage',
  SettingsRead: 'settings:read',
  SettingsManage: 'settings:manage',
  HealthRead: 'health:read',
  PlatformSettingsManage: 'platform-settings:manage',
  UsageRead: 'usage:read',
  AuditRead: 'audit:read',
  AuditErase: 'audit:erase',
  AuditStream: 'audit:stream',
  TenantsManage: 'tenants:manage',
} as const;

export type Permission = (typeof Permission)[keyof typeof Permission];

export const PERMISSIONS: readonly Permission[] = Object.values(Permission);

/** In the order of what they may do; PlatformAdmin is of no tenant. */
export const ROLES = ['Viewer', 'Operator', 'Deployer', 'Admin', 'PlatformAdmin'] as const;
export type Role = (typeof ROLES)[number];

const viewer: Permission[] = [
  Permission.EnvironmentsRead,
  Permission.FleetRead,
  Permission.ReleasesRead,
  Permission.ConfigurationsRead,
  Permission.DeploymentsRead,
  Permission.ApprovalsRead,
  Permission.SettingsRead,
];
/** Keeps watch over what others have begun. */
const operator: Permission[] = [
  ...viewer,
  Permission.DeploymentsPause,
  Permission.DeploymentsResume,
  Permission.DeploymentsPromote,
  Permission.DeploymentsCancel,
  Permission.DeploymentsRollback,
];
const deployer: Permission[] = [
  ...operator,
  Permission.ReleasesCreate,
  Permission.ConfigurationsCreate,
  Permission.DeploymentsCreate,
  Permission.DeploymentsRetry,
  Permission.HoldsRelease,
  Permission.AccessKeysCreate,
];
const admin: Permission[] = [
  ...deployer,
  Permission.EnvironmentsManage,
  Permission.FleetManage,
  Permission.SigningKeysManage,
  Permission.GatesOverride,
  Permission.ApprovalsDecide,
  Permission.ApprovalsBreakGlass,
  Permission.ApprovalPoliciesManage,
  Permission.FreezesManage,
  Permission.FreezesOverride,
  Permission.KillSwitchManage,
  Permission.ChannelsManage,
  Permission.SubscriptionsManage,
  Permission.AccessKeysManage,
  Permission.ServiceAccountsManage,
  Permission.FederatedIdentitiesManage,
  Permission.IdentityProvidersManage,
  Permission.UsersRead,
  Permission.UsersManage,
  Permission.RolesManage,
  Permission.SecurityManage,
  Permission.SettingsManage,
  Permission.HealthRead,
  Permission.UsageRead,
  Permission.AuditRead,
  Permission.AuditErase,
  Permission.AuditStream,
];

export const permissionsOfRole: Readonly<Record<Role, readonly Permission[]>> = {
  Viewer: viewer,
  Operator: operator,
  Deployer: deployer,
  Admin: admin,
  PlatformAdmin: [
    Permission.TenantsManage,
    Permission.PlatformSettingsManage,
    Permission.SettingsRead,
    Permission.SettingsManage,
    Permission.HealthRead,
    // In the reserved tenant it is the whole installation's.
    Permission.KillSwitchManage,
  ],
};

/** Those of the reserved tenant: no role of another may hold them. */
export const PLATFORM_PERMISSIONS: readonly Permission[] = [
  Permission.TenantsManage,
  Permission.PlatformSettingsManage,
];

/**
 * What a scope does to a permission. `narrows`: it counts for the named modules (environments) only.
 * `ignored`: what it opens is of no module (environment), and harmless or needed whatever the scope.
 * `excludes`: it is about the whole tenant, so that nobody with a scope holds it.
 */
export type ScopeEffect = 'narrows' | 'ignored' | 'excludes';

export interface ScopeEffects {
  readonly modules: ScopeEffect;
  readonly environments: ScopeEffect;
}

const wholeTenant: ScopeEffects = { modules: 'excludes', environments: 'excludes' };
const byEnvironment: ScopeEffects = { modules: 'excludes', environments: 'narrows' };
const byModule: ScopeEffects = { modules: 'narrows', environments: 'ignored' };
const byBoth: ScopeEffects = { modules: 'narrows', environments: 'narrows' };

const scoped: Partial<Record<Permission, ScopeEffects>> = {
  // Names and rules of environments: without them nobody can say where to deploy.
  [Permission.EnvironmentsRead]: { modules: 'ignored', environments: 'ignored' },
  [Permission.EnvironmentsManage]: byEnvironment,
  [Permission.FleetRead]: byEnvironment,
  [Permission.FleetManage]: byEnvironment,
  // A release alone changes nothing anywhere.
  [Permission.ReleasesRead]: byModule,
  [Permission.ReleasesCreate]: byModule,
  [Permission.ConfigurationsRead]: byBoth,
  [Permission.ConfigurationsCreate]: byBoth,
  [Permission.DeploymentsRead]: byBoth,
  [Permission.DeploymentsCreate]: byBoth,
  [Permission.DeploymentsPause]: byBoth,
  [Permission.DeploymentsResume]: byBoth,
  [Permission.DeploymentsPromote]: byBoth,
  [Permission.DeploymentsCancel]: byBoth,
  [Permission.DeploymentsRollback]: byBoth,
  [Permission.DeploymentsRetry]: byBoth,
  [Permission.GatesOverride]: byBoth,
  [Permission.ApprovalsRead]: byBoth,
  [Permission.ApprovalsDecide]: byBoth,
  [Permission.ApprovalsBreakGlass]: byBoth,
  // Who may say who decides in an environment says it for all modules there.
  [Permission.ApprovalPoliciesManage]: byEnvironment,
  [Permission.FreezesManage]: byEnvironment,
  [Permission.FreezesOverride]: byBoth,
  [Permission.HoldsRelease]: byBoth,
  // What counts where somebody deploys: nobody can work without knowing it.
  [Permission.SettingsRead]: { modules: 'ignored', environments: 'ignored' },
  [Permission.SettingsManage]: byEnvironment,
  // A key has its maker's scope at most.
  [Permission.AccessKeysCreate]: { modules: 'ignored', environments: 'ignored' },
};

/** A permission that is not named above is about the whole tenant. */
export function scopeEffectsOf(permission: Permission): ScopeEffects {
  return scoped[permission] ?? wholeTenant;
}
