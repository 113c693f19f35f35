import { errorEntry } from '../kernel/error-entry.js';

/** What signing in and the guard can answer. */

export const loginFailed = errorEntry({
  code: 'login-failed',
  kind: 'unauthenticated',
  meaning:
    'The username, the password or the tenant is wrong, or the account is disabled; the answer does not say which.',
  tell: () => 'The username, the password or the tenant is wrong. Check them and try again.',
});

export const refreshRefused = errorEntry({
  code: 'refresh-refused',
  kind: 'unauthenticated',
  meaning: 'The refresh token was used, has expired, was revoked or is unknown. Sign in again.',
  tell: () => 'The refresh token was used, has expired or is unknown. Sign in again.',
});

export const tenantRequired = errorEntry({
  code: 'tenant-required',
  kind: 'conflict',
  meaning:
    'The person is a member of several tenants. Repeat the login with one of `details.tenants` as `tenant`.',
  tell: (tenants: readonly string[]) => ({
    text: `You are a member of several tenants. Say which one with "tenant": ${tenants.join(', ')}.`,
    details: { tenants },
  }),
});

export const tenantMismatch = errorEntry({
  code: 'tenant-mismatch',
  kind: 'forbidden',
  meaning:
    'Two tenants are named: by the token, `X-Tenant`, the subdomain that was called or the body of a sign-in. Leave the header out, or sign in to that tenant.',
  tell: () =>
    'Your request names two tenants: by its token, X-Tenant, the subdomain it was sent to or its body. Leave the header out, or sign in to that tenant.',
});

export const tenantNotFound = errorEntry({
  code: 'tenant-not-found',
  kind: 'not-found',
  meaning: 'There is no tenant with that slug or id.',
  tell: () => 'There is no tenant with the slug in X-Tenant. Check its spelling.',
});

export const tenantSlugInvalid = errorEntry({
  code: 'tenant-slug-invalid',
  kind: 'invalid',
  meaning: 'The slug is not a DNS label, or it is reserved. Choose another one.',
  tell: (slug: string, reserved: string) =>
    `"${slug.slice(0, 80)}" cannot be a tenant's slug. Take a DNS label (a-z, 0-9 and -, at most 63 characters) other than "${reserved}".`,
});

export const tenantSlugTaken = errorEntry({
  code: 'tenant-slug-taken',
  kind: 'conflict',
  meaning: 'A tenant with that slug exists or once existed. Slugs are never used twice.',
  tell: (slug: string) =>
    `A tenant "${slug}" exists or once existed; slugs are never used twice. Choose another one.`,
});

export const actAsReasonRequired = errorEntry({
  code: 'act-as-reason-required',
  kind: 'forbidden',
  meaning:
    'A platform admin who changes something in a tenant says why in X-Act-As-Reason; it is audited there.',
  tell: (mostCharacters: number) =>
    `To change something in another tenant, say why in X-Act-As-Reason (1 to ${mostCharacters} characters). It goes into that tenant's audit log.`,
});

export const accessUndeclared = errorEntry({
  code: 'access-undeclared',
  kind: 'forbidden',
  meaning: 'The operation does not declare who may call it, so nobody may: a bug in Tidegate.',
  tell: () =>
    'This operation does not say who may call it, so nobody may. Report it to the operator.',
});

export const loginThrottled = errorEntry({
  code: 'login-throttled',
  kind: 'limit',
  meaning:
    'Too many failed logins, to this account or from your address (`details.per`). Wait as long as Retry-After says; from a network where the account has signed in before, others’ failures do not count.',
  tell: (per: 'account' | 'address', waitMs: number) => {
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    const where = per === 'account' ? 'to this account' : 'from your address';
    return {
      text: `Too many failed sign-ins ${where}. Try again in ${retryAfterSeconds} s; until then even the right password is refused.`,
      details: { retryAfterSeconds, per },
    };
  },
});

export const loginBusy = errorEntry({
  code: 'login-busy',
  kind: 'unavailable',
  meaning:
    'More people are signing in than can be checked at once, or more from your address than may wait. Try again as Retry-After says.',
  tell: (from: 'everywhere' | 'your address', cause?: unknown) => ({
    text:
      from === 'everywhere'
        ? 'Too many people are signing in at this moment. Try again in a few seconds.'
        : 'Too many sign-ins from your address are under way. Try again in a few seconds.',
    details: { retryAfterSeconds: 2 },
    cause,
  }),
});

export const notADemo = errorEntry({
  code: 'not-a-demo',
  kind: 'not-found',
  meaning: 'The process does not run in demo mode, so there are no demo users.',
  tell: () => 'There are demo users in demo mode only.',
});

export const lastAdmin = errorEntry({
  code: 'last-admin',
  kind: 'conflict',
  meaning:
    'Nobody would be left who may manage the tenant. Make somebody else Admin first. If no Admin is left, make one on the server itself: `npx tidegate admin recover`.',
  tell: () =>
    'Nobody would be left who may manage this tenant. Make somebody else Admin first, then try again.',
});
