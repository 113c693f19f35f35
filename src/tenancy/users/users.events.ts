import { eventType } from '../../platform/events/event.js';
import type { GivenRole } from './given-roles.dto.js';

type Roles = { readonly username: string; readonly roles: readonly GivenRole[] };

export const userRolesChanged = eventType<Roles>({
  name: 'user-roles-changed',
  subject: 'user',
  audit: 'access',
});

export const userRemoved = eventType<Roles>({
  name: 'user-removed',
  subject: 'user',
  audit: 'access',
});

export const adminRecovered = eventType<{
  readonly username: string;
  readonly role: string;
  readonly isNew: boolean;
  readonly hasFactorsReset: boolean;
}>({ name: 'admin-recovered', subject: 'user', audit: 'access' });

/** What platform admins do to accounts; recorded in the reserved tenant. */
type Account = { readonly username: string };

export const accountDisabled = eventType<Account>({
  name: 'account-disabled',
  subject: 'user',
  audit: 'access',
});

export const accountEnabled = eventType<Account>({
  name: 'account-enabled',
  subject: 'user',
  audit: 'access',
});

export const accountSignedOut = eventType<Account>({
  name: 'account-signed-out',
  subject: 'user',
  audit: 'access',
});

export const accountEmailSet = eventType<Account>({
  name: 'account-email-set',
  subject: 'user',
  audit: 'access',
});

/** Who has lost all of theirs; the password is left. */
export const accountFactorsReset = eventType<Account & { readonly reason: string }>({
  name: 'account-factors-reset',
  subject: 'user',
  audit: 'access',
});
