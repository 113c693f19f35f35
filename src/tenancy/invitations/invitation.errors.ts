import { errorEntry } from '../../kernel/error-entry.js';

export const invitationNotFound = errorEntry({
  code: 'invitation-not-found',
  kind: 'not-found',
  meaning: 'There is no open invitation with this id. GET /api/v1/users/invitations lists them.',
});

export const invitationExists = errorEntry({
  code: 'invitation-exists',
  kind: 'conflict',
  meaning:
    'An invitation to this address is open (`details.id`). Send it again, or revoke it and make another one.',
  tell: (id: string) => ({
    text: 'An invitation to this address is open. Send it again, or revoke it first.',
    details: { id },
  }),
});

export const alreadyMember = errorEntry({
  code: 'already-member',
  kind: 'conflict',
  meaning: 'Somebody with this address is a member of the tenant. Change their roles instead.',
});

export const invitationLimit = errorEntry({
  code: 'invitation-limit',
  kind: 'limit',
  meaning: 'Too many invitations of the tenant are open. Revoke some, or wait until they expire.',
});

export const invitationNotSent = errorEntry({
  code: 'invitation-not-sent',
  kind: 'unavailable',
  meaning:
    'The invitation exists, but the mail could not be sent. Send it again in a moment: POST /api/v1/users/invitations/{id}/resend.',
});

export const invitationOfDirectory = errorEntry({
  code: 'invitation-of-directory',
  kind: 'conflict',
  meaning:
    'The directory of the tenant has invited this person, and its groups give the roles. Invite them again as its user: POST /api/v1/directory-users/{id}/invite, with the same id.',
});

export const invitationInvalid = errorEntry({
  code: 'invitation-invalid',
  kind: 'unprocessable',
  meaning:
    'The invitation is unknown, used, revoked or older than 72 hours, or whoever made it may not give its roles any more. Ask for another one.',
});

export const invitationNeedsAccount = errorEntry({
  code: 'invitation-needs-account',
  kind: 'conflict',
  meaning:
    'The address that was invited has an account. Sign in with it and accept the invitation there, or accept it with the password of that account.',
});

export const invitationForAnother = errorEntry({
  code: 'invitation-for-another',
  kind: 'forbidden',
  meaning:
    'The invitation is for another address than that of your account. Sign in as the person it is for, or ask for one to your address.',
});

export const usernameRequired = errorEntry({
  code: 'username-required',
  kind: 'unprocessable',
  meaning: 'The address that was invited has no account yet: choose a `username` for it.',
});

export const usernameTaken = errorEntry({
  code: 'username-taken',
  kind: 'conflict',
  meaning: 'This username is taken. Choose another one.',
});
