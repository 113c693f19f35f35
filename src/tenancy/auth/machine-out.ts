import type { Caller } from '../permissions/bearers.js';
import type { SignedInUser } from './authentication.dto.js';

/** Who a machine is, for `GET /authentication/me`: by its name in journals, and what it may do now. */
export function machineOut({ ctx, tenantSlug, accessKey }: Caller): SignedInUser {
  const { id, name: username } = ctx.actor;
  const permissions = [...ctx.grants.permissions].sort();
  const user = { id, username, tenant: tenantSlug, roles: [], permissions };
  if (!accessKey) return user;
  return { ...user, accessKey: { ...accessKey, expiresAt: accessKey.expiresAt.toISOString() } };
}
