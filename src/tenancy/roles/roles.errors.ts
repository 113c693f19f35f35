import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

export const roleNotFound = errorEntry({
  code: 'role-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no role of its own with this id. `GET /roles` lists them.',
});

export const roleExists = errorEntry({
  code: 'role-exists',
  kind: 'conflict',
  meaning:
    'A role of that name exists, built in or of the tenant’s own, perhaps with different capitals.',
  tell: (name: string) => `There is a role "${name}" already. Choose another name.`,
});

export const roleLimit = errorEntry({
  code: 'role-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of roles of its own. Delete one that nobody holds.',
  tell: () =>
    `A tenant has at most ${limits.rolesPerTenant} roles of its own. Delete one that nobody holds.`,
});

export const roleInUse = errorEntry({
  code: 'role-in-use',
  kind: 'conflict',
  meaning:
    'Somebody holds the role. Take it from all of them first: `GET /role-bindings?role=…` lists who.',
  tell: (name: string, bindings: number) => ({
    text: `The role "${name}" is given ${bindings} times. Take it away there first: GET /api/v1/role-bindings?role=… lists where.`,
    details: { bindings },
  }),
});

/** Of groups as well; whoever names them stands on a floor above. */
export const namedByPolicy = errorEntry({
  code: 'named-by-policy',
  kind: 'conflict',
  meaning:
    'An approval policy names the role or group: one of the same name that is made later would decide. Change the policies of `details.policies` first.',
  tell: (policies: readonly string[]) => ({
    text: `Approval policies name it: ${policies.map((name) => `"${name}"`).join(', ')}. Change them first.`,
    details: { policies },
  }),
});
