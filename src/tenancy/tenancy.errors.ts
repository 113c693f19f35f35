import type { ErrorCode } from '../platform/http/error-codes.js';

/** What signing in and the guard can answer. */
export const tenancyErrors = [
  {
    code: 'login-failed',
    kind: 'unauthenticated',
    meaning:
      'The username, the password or the tenant is wrong, or the account is disabled; which of them is not told.',
  },
  {
    code: 'refresh-refused',
    kind: 'unauthenticated',
    meaning: 'The refresh token is used up, over, revoked or unknown. Sign in again.',
  },
  {
    code: 'tenant-required',
    kind: 'conflict',
    meaning:
      'The person is a member of several tenants. Repeat the login with one of `details.tenants` as `tenant`.',
  },
  {
    code: 'tenant-suspended',
    kind: 'forbidden',
    meaning: 'The tenant is suspended. Only the operator of the platform can activate it.',
  },
  {
    code: 'tenant-mismatch',
    kind: 'forbidden',
    meaning:
      'X-Tenant names another tenant than the token. Leave the header out, or sign in to that tenant.',
  },
  {
    code: 'tenant-not-found',
    kind: 'not-found',
    meaning: 'There is no tenant with that slug or id.',
  },
  {
    code: 'tenant-slug-invalid',
    kind: 'invalid',
    meaning: 'The slug is not a DNS label, or it is reserved. Choose another one.',
  },
  {
    code: 'tenant-slug-taken',
    kind: 'conflict',
    meaning: 'A tenant with that slug exists or once existed. Slugs are never used twice.',
  },
  {
    code: 'act-as-reason-required',
    kind: 'forbidden',
    meaning:
      'A platform admin who changes something in a tenant says why in X-Act-As-Reason; it is audited there.',
  },
  {
    code: 'access-undeclared',
    kind: 'forbidden',
    meaning: 'The operation does not declare who may call it, so nobody may: a mistake of ours.',
  },
  {
    code: 'login-throttled',
    kind: 'limit',
    meaning:
      'Too many failed logins, to this account or from your address (`details.per`). Wait as long as Retry-After says; from a network where the account has signed in before, others’ failures do not count.',
  },
  {
    code: 'login-busy',
    kind: 'unavailable',
    meaning:
      'More people are signing in than can be checked at once, or more from your address than may wait. Try again as Retry-After says.',
  },
  {
    code: 'not-a-demo',
    kind: 'not-found',
    meaning: 'The process does not run in demo mode, so there are no demo users.',
  },
] as const satisfies readonly ErrorCode[];
