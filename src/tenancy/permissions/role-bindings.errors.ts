import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

export const roleBindingNotFound = errorEntry({
  code: 'role-binding-not-found',
  kind: 'not-found',
  meaning: 'There is no role binding with this id. `GET /role-bindings` lists them.',
});

export const roleBindingExists = errorEntry({
  code: 'role-binding-exists',
  kind: 'conflict',
  meaning: 'The role is already given there, for the same modules and environments.',
});

export const roleBindingLimit = errorEntry({
  code: 'role-binding-limit',
  kind: 'limit',
  meaning:
    'The person, group or account has reached its limit of roles, or the tenant has. Give a role to a group, or name several modules in one binding.',
  tell: () =>
    `At most ${limits.bindingsPerSubject} roles for each person, group or account, and ${limits.bindingsPerTenant} in a tenant. Give roles to groups, or name several modules in one.`,
});

export const roleBindingNotManual = errorEntry({
  code: 'role-binding-not-manual',
  kind: 'conflict',
  meaning:
    'The role was given by a rule of an identity provider or by the directory, which would give it again. Change it there.',
});

export const subjectUnknown = errorEntry({
  code: 'subject-unknown',
  kind: 'unprocessable',
  meaning: 'No such person, group or service account belongs to the tenant.',
  tell: (kind: string) => ({
    text: `There is no such ${kind === 'user' ? 'member' : kind.replace('-', ' ')} in this tenant.`,
    details: { kind },
  }),
});
