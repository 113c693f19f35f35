import { errorEntry } from '../../kernel/error-entry.js';
import { ROLES } from '../../kernel/permission.js';

export const userNotFound = errorEntry({
  code: 'user-not-found',
  kind: 'not-found',
  meaning: 'Nobody with this id is a member of the tenant. GET /api/v1/users lists who is.',
});

export const roleUnknown = errorEntry({
  code: 'role-unknown',
  kind: 'unprocessable',
  meaning:
    'There is no such role, built in or of the tenant’s own. Names of built-in roles are written exactly.',
  tell: (name: string) => ({
    text: `There is no role "${name}". Take one of ${ROLES.slice(0, -1).join(', ')}, or one of your own.`,
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
    'Who does not hold `roles:manage` gives and takes no more than they may do themselves. Ask an Admin of the tenant.',
  tell: (role: string) => ({
    text: `The role "${role}" is more than you hold yourself. Ask an Admin of the tenant.`,
    details: { role },
  }),
});
