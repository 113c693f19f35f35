import { errorEntry } from '../../kernel/error-entry.js';
import type { Scope } from '../../kernel/grants.js';
import { type Permission, ROLES } from '../../kernel/permission.js';

/** What whoever gives and takes roles can be told. */

export const roleUnknown = errorEntry({
  code: 'role-unknown',
  kind: 'unprocessable',
  meaning:
    'There is no such role, built in or of the tenant’s own. `GET /roles` lists them; names of built-in roles are written exactly.',
  tell: (name: string) => ({
    text: `There is no role "${name}". Take one of ${ROLES.slice(0, -1).join(', ')}, or one of your own: GET /api/v1/roles.`,
    details: { role: name },
  }),
});

export const platformRole = errorEntry({
  code: 'platform-role',
  kind: 'forbidden',
  meaning:
    'PlatformAdmin is given and taken in the reserved tenant only, by those who hold it themselves.',
});

export const roleBeyondOwn = errorEntry({
  code: 'role-beyond-own',
  kind: 'forbidden',
  meaning:
    'Nobody makes, gives or takes a role that may do more than they may themselves, or in more places. `details.permissions` are those that you lack. Ask an Admin of the tenant.',
  tell: (role: string, lacking: readonly Permission[], { modules, environments }: Scope) => ({
    text: `The role "${role}" may do more than you may yourself: ${lacking.join(', ')}. Ask an Admin of the tenant.`,
    details: { role, permissions: lacking, modules, environments },
  }),
});
