import { createHash, randomBytes } from 'node:crypto';

/**
 * What is mailed to somebody, or handed to them once: good for one use, and stored as a digest only.
 * The letter says what it is for, so that none is ever tried as another.
 */
const LETTERS = { invitation: 'i', 'password-reset': 'p', 'email-change': 'm' } as const;

export type OneTimeTokenKind = keyof typeof LETTERS;

/** More than any such token, and what people paste around it. */
export const ONE_TIME_TOKEN_CHARACTERS = 200;

export interface OneTimeToken {
  readonly text: string;
  readonly hash: string;
}

export function newOneTimeToken(kind: OneTimeTokenKind): OneTimeToken {
  const text = `tg${LETTERS[kind]}_${randomBytes(32).toString('hex')}`;
  return { text, hash: digest(kind, text) };
}

/** Null: it has not the form of one. */
export function oneTimeTokenHash(kind: OneTimeTokenKind, text: string): string | null {
  const isOne = new RegExp(`^tg${LETTERS[kind]}_[0-9a-f]{64}$`).test(text);
  return isOne ? digest(kind, text) : null;
}

function digest(kind: OneTimeTokenKind, text: string): string {
  return createHash('sha256').update(`tidegate:${kind}:v1\n${text}`).digest('hex');
}
