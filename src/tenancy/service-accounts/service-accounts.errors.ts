import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

/** What service accounts can answer. */

export const serviceAccountNotFound = errorEntry({
  code: 'service-account-not-found',
  kind: 'not-found',
  meaning: 'There is no service account with this id. `GET /service-accounts` lists them.',
});

export const serviceAccountExists = errorEntry({
  code: 'service-account-exists',
  kind: 'conflict',
  meaning: 'The tenant has a service account of that name, perhaps with different capitals.',
  tell: (name: string) => `There is a service account "${name}" already. Choose another name.`,
});

export const serviceAccountLimit = errorEntry({
  code: 'service-account-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of service accounts. Delete one first.',
  tell: () =>
    `A tenant has at most ${limits.serviceAccountsPerTenant} service accounts. Delete one that nobody needs.`,
});

export const serviceAccountDisabled = errorEntry({
  code: 'service-account-disabled',
  kind: 'conflict',
  meaning: 'The service account is disabled, so a new key of it would not work. Enable it first.',
});
