/**
 * The reserved tenant: the home of what belongs to no customer. A membership in it makes a platform
 * admin, and its audit log has the logins of names that nobody bears. It runs no deployments.
 */
export const PLATFORM_TENANT = {
  id: '00000000-0000-7000-8000-000000000001',
  slug: 'platform',
  name: 'Platform',
} as const;

/** The tenant that a first start makes for the one team that most installations serve. */
export const DEFAULT_TENANT = { slug: 'default', name: 'Default' } as const;
