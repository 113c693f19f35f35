import { errorEntry } from '../../kernel/error-entry.js';
import type { TenantStatus } from './tenant.js';

/** What the life cycle of tenants can answer. */

export const tenantUnknown = errorEntry({
  code: 'tenant-unknown',
  kind: 'not-found',
  meaning: 'There is no tenant with this id. `GET /tenants` lists them.',
});

export const tenantReserved = errorEntry({
  code: 'tenant-reserved',
  kind: 'conflict',
  meaning:
    'The tenant `platform` is the home of platform admins: it is never suspended or deleted.',
});

export const tenantOwn = errorEntry({
  code: 'tenant-own',
  kind: 'conflict',
  meaning:
    'You are signed in to this tenant, and would be locked out. Sign in to another one (`platform`) to delete it.',
});

export const tenantStatus = errorEntry({
  code: 'tenant-status',
  kind: 'conflict',
  meaning: 'The status of the tenant (`details.status`) does not allow it.',
  tell: (status: TenantStatus, wanted: string) => ({
    text: `The tenant is ${status}; ${wanted}.`,
    details: { status },
  }),
});

export const tenantGone = errorEntry({
  code: 'tenant-gone',
  kind: 'conflict',
  meaning: 'The tenant can no longer be restored.',
});

export const tenantSlugReserved = errorEntry({
  code: 'tenant-slug-reserved',
  kind: 'conflict',
  meaning: 'The slug is one that a host of the installation may have. Choose another one.',
  tell: (slug: string) => `"${slug}" is kept for hosts of this installation. Choose another slug.`,
});

export const tenantResourceNotFound = errorEntry({
  code: 'tenant-resource-not-found',
  kind: 'not-found',
  meaning:
    'The tenant has nothing of this kind: it was made without such a server, or is not yet provisioned.',
});

export const tenantSecretShown = errorEntry({
  code: 'tenant-secret-shown',
  kind: 'conflict',
  meaning: 'The password was shown once and is kept nowhere. Rotate it to get a new one.',
});

export const tenantServerUnavailable = errorEntry({
  code: 'tenant-server-unavailable',
  kind: 'unavailable',
  meaning: 'The server with the tenants’ own resources does not answer. Try again.',
  tell: (kind: string, cause: unknown) => ({
    text: `The ${kind} server of the tenants does not answer. Try again in a while.`,
    cause,
  }),
});
