import { errorEntry } from '../../kernel/error-entry.js';

export const userNotFound = errorEntry({
  code: 'user-not-found',
  kind: 'not-found',
  meaning: 'Nobody with this id is a member of the tenant. GET /api/v1/users lists who is.',
});

/** Of the command on the server itself. */
export const recoveryTenantUnknown = errorEntry({
  code: 'recovery-tenant-unknown',
  kind: 'invalid',
  meaning: 'There is no tenant with that slug. Nothing was changed.',
  tell: (slug: string) => `There is no tenant "${slug.slice(0, 80)}". Nothing was changed.`,
});

export const recoveryUsernameInvalid = errorEntry({
  code: 'recovery-username-invalid',
  kind: 'invalid',
  meaning:
    'A username is 1 to 63 of a-z, 0-9, ".", "_" and "-", and no e-mail address. Nothing was changed.',
});

export const accountNotFound = errorEntry({
  code: 'account-not-found',
  kind: 'not-found',
  meaning: 'There is no account with this id. GET /api/v1/platform/users lists them.',
});

export const ownAccount = errorEntry({
  code: 'own-account',
  kind: 'conflict',
  meaning:
    'This is your own account: you would shut yourself out. Let another platform admin do it.',
});
