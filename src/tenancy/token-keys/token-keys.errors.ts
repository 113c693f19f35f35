import { errorEntry } from '../../kernel/error-entry.js';

/** What the keys of access tokens can answer. */

export const tokenKeyRotationUnderWay = errorEntry({
  code: 'token-key-rotation-under-way',
  kind: 'conflict',
  meaning:
    'The newest key of access tokens does not sign yet. Wait until `details.signsFrom`; if a key was stolen, rotate with `revokeOld`.',
  tell: (signsFrom: Date) => ({
    text: `The newest key signs from ${signsFrom.toISOString()} on. Wait until then; if a key was stolen, rotate with "revokeOld".`,
    details: { signsFrom: signsFrom.toISOString() },
  }),
});

export const tokenKeysTooMany = errorEntry({
  code: 'token-keys-too-many',
  kind: 'limit',
  meaning:
    'Too many keys of access tokens were made within a day. Find out who makes them, and try again a day later.',
  tell: (perDay: number) =>
    `${perDay} keys of access tokens were made within a day. Find out who makes them, and try again a day later.`,
});

export const tokenKeySealed = errorEntry({
  code: 'token-key-sealed',
  kind: 'unavailable',
  meaning:
    'This process cannot open the key that signs access tokens. Its operator gives it the sealing keys of the others (TIDEGATE_SEALING_KEY_FILE).',
  tell: () =>
    'Nobody can sign in here for now: the key that signs access tokens cannot be opened. Tell the operator of this platform.',
});
