import { errorEntry } from '../../kernel/error-entry.js';

/** What second factors can answer. */

export const factorRequired = errorEntry({
  code: 'factor-required',
  kind: 'unauthenticated',
  meaning:
    'The password is right, and the account has a second factor. Repeat the login with one of `details.methods` beside the password.',
  tell: (methods: readonly string[]) => ({
    text: `Your account has a second factor. Sign in again with one of ${methods.join(', ')} beside the password.`,
    details: { methods },
  }),
});

export const factorRefused = errorEntry({
  code: 'factor-refused',
  kind: 'unauthenticated',
  meaning:
    'The code or passkey is wrong, expired or already used: each code works once. Wait for the next code, and check the clock of the device.',
  tell: () =>
    'The code or passkey is wrong, expired or already used. Wait for the next code and try again; if none works, check the clock of your device.',
});

export const factorThrottled = errorEntry({
  code: 'factor-throttled',
  kind: 'limit',
  meaning:
    'Too many wrong codes for this account. Wait as long as Retry-After says; a passkey still works.',
  tell: (waitMs: number) => {
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    return {
      text: `Too many wrong codes. Try again in ${retryAfterSeconds} s; until then even the right one is refused.`,
      details: { retryAfterSeconds },
    };
  },
});

export const factorNotFound = errorEntry({
  code: 'factor-not-found',
  kind: 'not-found',
  meaning: 'You have no such authenticator app or passkey. `GET /me/mfa` lists what you have.',
});

export const factorLimit = errorEntry({
  code: 'factor-limit',
  kind: 'conflict',
  meaning: 'You have reached the limit of authenticator apps or passkeys. Remove one first.',
  tell: (most: number) => `You have ${most} of them already. Remove one first.`,
});

export const lastFactor = errorEntry({
  code: 'last-factor',
  kind: 'conflict',
  meaning:
    'The tenant requires a second factor of your role, and this is your last one. Enrol another one first.',
  tell: () =>
    'This tenant requires a second factor of your role, and this is your last one. Enrol another one first.',
});

export const enrolmentNotBegun = errorEntry({
  code: 'enrolment-not-begun',
  kind: 'conflict',
  meaning:
    'No authenticator app is waiting for its first code, or it has waited too long. Start again: `POST /me/mfa/totp`.',
});

export const stepUpUnsuitable = errorEntry({
  code: 'step-up-unsuitable',
  kind: 'conflict',
  meaning:
    'That proof does not count for you: with a second factor, show that; a password counts only without one. `details.methods` says what you can use.',
  tell: (methods: readonly string[]) => ({
    text:
      methods.length > 0
        ? `That does not count for you. Use one of ${methods.join(', ')}.`
        : 'You have nothing to prove it with here. Sign in again.',
    details: { methods },
  }),
});

export const passkeyRefused = errorEntry({
  code: 'passkey-refused',
  kind: 'unauthenticated',
  meaning:
    'The answer of the passkey is not accepted: another site, an expired, answered or different challenge, an unverified user, or a copy. Ask for new options and try again.',
  tell: () =>
    'The passkey was not accepted. Ask for new options and try again; it must verify that it is you (PIN, fingerprint, face).',
});

export const passkeyExists = errorEntry({
  code: 'passkey-exists',
  kind: 'conflict',
  meaning: 'That passkey is already enrolled.',
});

export const passkeysUnavailable = errorEntry({
  code: 'passkeys-unavailable',
  kind: 'unavailable',
  meaning:
    'Passkeys belong to a domain name, and this server has only an address. Ask the operator to set TIDEGATE_PUBLIC_URL.',
});
