import { errorEntry } from '../../../kernel/error-entry.js';
import { CHALLENGE_MS, OPEN_CHALLENGES } from './challenge-limits.js';

/** What decisions that a passkey signs can answer. */

/** One text for all of it: who tries something out learns nothing. */
export const approvalSignatureRefused = errorEntry({
  code: 'approval-signature-refused',
  kind: 'forbidden',
  meaning:
    'What the passkey signed is not this decision: another deployment, subject, policy, decision or person; an expired or answered challenge; another site; an unverified user; a copy. Ask for a new challenge and sign that.',
  tell: () =>
    'The passkey has not signed this decision, or the challenge has expired. Ask for a new challenge and try again; the passkey must verify that it is you (PIN, fingerprint, face).',
});

export const approvalChallengeLimit = errorEntry({
  code: 'approval-challenge-limit',
  kind: 'limit',
  meaning: `A person may have ${OPEN_CHALLENGES} challenges open at once. Each expires after five minutes.`,
  tell: () => ({
    text: 'You have asked for many challenges and answered none. Wait five minutes, or answer one.',
    details: { retryAfterSeconds: Math.ceil(CHALLENGE_MS / 1_000) },
  }),
});

export const approvalNoPasskey = errorEntry({
  code: 'approval-no-passkey',
  kind: 'conflict',
  meaning: 'You have no passkey to sign with. Enrol one first: `POST /me/passkeys/options`.',
});
