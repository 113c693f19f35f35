import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = string;

export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

export type DigestType =
  'release' | 'configuration' | 'subject' | 'plan' | 'manifest' | 'nodes' | 'evidence' | 'receipt';

export interface Digested {
  readonly digest: Digest;
  /** The canonical text that was hashed; store this, never a re-serialised form. */
  readonly text: string;
}

/**
 * Digest of a value: sha256 over `tidegate:<type>:v1\n` and its canonical JSON. The type keeps two
 * sorts of documents with the same content apart.
 */
export function digestOf(type: DigestType, value: unknown): Digested {
  const text = canonicalJson(value);
  return { text, digest: digestOfText(type, text) };
}

export function digestOfText(type: DigestType, text: string): Digest {
  return `sha256:${createHash('sha256').update(`tidegate:${type}:v1\n`).update(text).digest('hex')}`;
}

/** The digest of raw bytes (artifacts). */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
