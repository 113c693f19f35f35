import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { limits } from '../../kernel/limits.js';
import { Sealer, UnsealError } from './sealer.js';

const VERSION = 'tgs1';
const ALGORITHM = 'aes-256-gcm';
/** What SP 800-38D wants of a random nonce: one key is good for some four billion secrets. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 9;

interface SealingKey {
  readonly kid: string;
  readonly key: Buffer;
}

/** AES-256-GCM: `tgs1.<key id>.<nonce>.<ciphertext and tag>`, each in base64url. */
export class KeySealer extends Sealer {
  private readonly current: SealingKey;
  private readonly known = new Map<string, SealingKey>();

  /** `keys`: of 32 bytes; the first seals, all of them unseal. */
  constructor(keys: readonly Buffer[]) {
    super();
    for (const each of keys.map(sealingKey)) this.known.set(each.kid, each);
    const [first] = this.known.values();
    if (!first) throw new Error('there is no key to seal with');
    this.current = first;
  }

  seal(plaintext: string | Buffer, context: string): string {
    const secret = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
    if (secret.length > limits.sealedSecretBytes) throw new Error('too long to be sealed');
    const { kid, key } = this.current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(kid, context));
    const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    return [VERSION, kid, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
  }

  unseal(text: string, context: string): Buffer {
    const { kid, nonce, sealed } = parse(text);
    const known = this.known.get(kid);
    if (!known) throw new UnsealError('unknown-key');
    const decipher = createDecipheriv(ALGORITHM, known.key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated(kid, context));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const ciphertext = sealed.subarray(0, -TAG_BYTES);
    try {
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      throw new UnsealError('not-authentic');
    }
  }

  isCurrent(text: string): boolean {
    return text.startsWith(`${VERSION}.${this.current.kid}.`);
  }
}

/** What is in the file is the root of two: one that encrypts, and an id that tells nothing of it. */
function sealingKey(root: Buffer): SealingKey {
  if (root.length !== KEY_BYTES) throw new Error('a sealing key has 32 bytes');
  const derive = (what: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', root, '', `tidegate:sealing:${what}:v1`, bytes));
  return {
    kid: derive('key-id', KEY_ID_BYTES).toString('base64url'),
    key: derive(ALGORITHM, KEY_BYTES),
  };
}

/** The first two have fixed forms, so no two of these texts run into each other. */
function associated(kid: string, context: string): Buffer {
  const isFitting = context.length > 0 && context.length <= limits.sealingContextCharacters;
  if (!isFitting) throw new Error('a secret is sealed for something that has a short name');
  return Buffer.from(`${VERSION}.${kid}.${context}`, 'utf8');
}

interface Sealed {
  readonly kid: string;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

function parse(text: string): Sealed {
  // Before the pattern: what is far too long is not even looked at.
  if (text.length > 2 * limits.sealedSecretBytes) throw new UnsealError('malformed');
  const match = /^tgs1\.([\w-]{12})\.([\w-]{16})\.([\w-]{22,})$/.exec(text);
  if (!match) throw new UnsealError('malformed');
  const [, kid = '', nonce = '', rest = ''] = match;
  const sealed = Buffer.from(rest, 'base64url');
  // One text for one secret: bits that decoding would drop are not for playing with.
  if (sealed.toString('base64url') !== rest) throw new UnsealError('malformed');
  return { kid, nonce: Buffer.from(nonce, 'base64url'), sealed };
}
