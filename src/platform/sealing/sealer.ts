/**
 * Seals small secrets that have to be read again: of a second factor, of a client at an issuer, of a
 * signing key. Passwords and tokens are not among them: of those a digest is enough.
 *
 * `context` says whose secret it is and of what kind (`totp:<user id>`). A sealed text opens with its own
 * context alone, so that one that is copied into another row is worth nothing there.
 */
export abstract class Sealer {
  /** Throws when the secret or its context is longer than a secret or a context is. */
  abstract seal(plaintext: string | Buffer, context: string): string;

  /** Throws UnsealError, which tells neither what it was given nor with what context. */
  abstract unseal(text: string, context: string): Buffer;

  /** Whether the key that seals today has sealed it. What is not current is worth sealing anew. */
  abstract isCurrent(text: string): boolean;
}

export type UnsealReason = 'malformed' | 'unknown-key' | 'not-authentic';

const words: Record<UnsealReason, string> = {
  malformed: 'it is not of the form of a sealed text',
  'unknown-key':
    'the key that sealed it is not in TIDEGATE_SEALING_KEY_FILE: put the line back that was taken out',
  'not-authentic': 'it was changed, or sealed for something else',
};

/** A sealed text that does not open. Its reason may be logged; there is no secret in it. */
export class UnsealError extends Error {
  constructor(readonly reason: UnsealReason) {
    super(`a sealed secret does not open: ${words[reason]}`);
    this.name = 'UnsealError';
  }
}
