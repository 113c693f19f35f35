import { DomainError } from '../../kernel/errors.js';

/** The refusals of identity, each in one place: what is said must not depend on who asked. */
export function unauthenticated(): DomainError {
  return new DomainError(
    'unauthenticated',
    'unauthenticated',
    'Sign in first: send "Authorization: Bearer <access token>" with a token that is still good.',
  );
}

/** The same for an unknown name, a wrong password, a foreign tenant and a disabled account. */
export function loginFailed(): DomainError {
  return new DomainError(
    'unauthenticated',
    'login-failed',
    'The username, the password or the tenant is wrong. Check them and try again.',
  );
}

/** Says the same whether or not somebody bears the name. */
export function accountThrottled(waitMs: number): DomainError {
  return throttled('account', 'Too many failed sign-ins to this account', waitMs);
}

export function addressThrottled(waitMs: number): DomainError {
  return throttled('address', 'Too many failed sign-ins from your address', waitMs);
}

function throttled(per: 'account' | 'address', what: string, waitMs: number): DomainError {
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return new DomainError(
    'limit',
    'login-throttled',
    `${what}. Try again in ${retryAfterSeconds} s; until then even the right password is refused.`,
    { details: { retryAfterSeconds, per } },
  );
}

export function loginBusy(from: 'everywhere' | 'your address', cause?: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'login-busy',
    from === 'everywhere'
      ? 'Too many people are signing in at this moment. Try again in a few seconds.'
      : 'Too many sign-ins from your address are under way. Try again in a few seconds.',
    { details: { retryAfterSeconds: 2 }, cause },
  );
}

export function refreshRefused(): DomainError {
  return new DomainError(
    'unauthenticated',
    'refresh-refused',
    'The refresh token is used up, over or unknown. Sign in again.',
  );
}

export function tenantSuspended(): DomainError {
  return new DomainError(
    'forbidden',
    'tenant-suspended',
    'The tenant is suspended. Ask the operator of this platform to activate it.',
  );
}

export function tenantMismatch(): DomainError {
  return new DomainError(
    'forbidden',
    'tenant-mismatch',
    'X-Tenant names another tenant than your token. Leave the header out, or sign in to that tenant.',
  );
}
