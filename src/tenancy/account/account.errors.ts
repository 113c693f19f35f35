import { errorEntry } from '../../kernel/error-entry.js';

export const sessionNotFound = errorEntry({
  code: 'session-not-found',
  kind: 'not-found',
  meaning: 'You have no open session with this id. GET /api/v1/me/sessions lists them.',
});

export const notAMember = errorEntry({
  code: 'not-a-member',
  kind: 'not-found',
  meaning: 'You are not a member of a tenant with this slug. GET /api/v1/me/tenants lists yours.',
});

export const signInRefused = errorEntry({
  code: 'sign-in-refused',
  kind: 'forbidden',
  meaning:
    'The tenant does not accept how this session began. Sign in again, with the name of that tenant.',
});

export const emailTaken = errorEntry({
  code: 'email-taken',
  kind: 'conflict',
  meaning: 'Another account has this address. Sign in with that one, or use another address.',
});

export const emailChangeInvalid = errorEntry({
  code: 'email-change-invalid',
  kind: 'unprocessable',
  meaning:
    'The link for the new address is unknown, used or older than 30 minutes. Ask for another one.',
});
