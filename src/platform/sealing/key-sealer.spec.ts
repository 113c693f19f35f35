import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { limits } from '../../kernel/limits.js';
import { KeySealer } from './key-sealer.js';
import { UnsealError, type UnsealReason } from './sealer.js';

const [former, current, stranger] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const sealer = new KeySealer([current]);
const SECRET = 'JBSWY3DPEHPK3PXP';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CONTEXT = 'totp:0190a5e2-0000-7000-8000-000000000001';

function reasonOf(unseal: () => Buffer): UnsealReason | undefined {
  try {
    unseal();
  } catch (error) {
    if (error instanceof UnsealError) return error.reason;
    throw error;
  }
  return undefined;
}

describe('a sealed secret', () => {
  it.each([
    ['a text', SECRET],
    ['bytes', randomBytes(200)],
    ['nothing at all', ''],
    ['the longest', randomBytes(limits.sealedSecretBytes)],
  ])('opens with its context: %s', (_, secret) => {
    const text = sealer.seal(secret, CONTEXT);
    expect(text).toMatch(/^tgs1\.[\w-]{12}\.[\w-]{16}\.[\w-]+$/);
    expect(sealer.unseal(text, CONTEXT)).toEqual(Buffer.from(secret as string));
  });

  it('never looks the same twice', () => {
    const texts = new Set(Array.from({ length: 100 }, () => sealer.seal(SECRET, CONTEXT)));
    expect(texts.size).toBe(100);
    expect([...texts].join()).not.toContain(SECRET);
  });

  it('does not open with the context of another row', () => {
    const text = sealer.seal(SECRET, CONTEXT);
    for (const other of [`${CONTEXT}1`, CONTEXT.slice(0, -1), CONTEXT.replace('totp', 'mail')]) {
      expect(reasonOf(() => sealer.unseal(text, other))).toBe('not-authentic');
    }
  });

  it('does not open with a single bit changed, wherever it is', () => {
    const [version, kid, nonce, sealed] = sealer.seal(SECRET, CONTEXT).split('.');
    const flipped = (part: string, bit: number) => {
      const bytes = Buffer.from(part, 'base64url');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes.toString('base64url');
    };
    const tries: string[] = [];
    for (let bit = 0; bit < Buffer.from(nonce!, 'base64url').length * 8; bit += 1) {
      tries.push([version, kid, flipped(nonce!, bit), sealed].join('.'));
    }
    for (let bit = 0; bit < Buffer.from(sealed!, 'base64url').length * 8; bit += 1) {
      tries.push([version, kid, nonce, flipped(sealed!, bit)].join('.'));
    }
    const reasons = new Set(tries.map((text) => reasonOf(() => sealer.unseal(text, CONTEXT))));
    expect([...reasons]).toEqual(['not-authentic']);
  });

  it('is refused in any other form', () => {
    const text = sealer.seal(SECRET, CONTEXT);
    const [version, kid, nonce, sealed = ''] = text.split('.');
    const wrong = [
      '',
      SECRET,
      `${text}.x`,
      ` ${text}`,
      `${text}\n`,
      `${text}=`,
      text.replace('tgs1', 'tgs2'),
      [version, kid, nonce, sealed.slice(0, 20)].join('.'),
      [version, kid, nonce].join('.'),
      // Two bits of the last character are outside the bytes: four texts would be one secret.
      text.replace(/.$/, (last) => BASE64URL[BASE64URL.indexOf(last) + 1]!),
      'x'.repeat(10_000_000),
    ];
    for (const each of wrong) {
      expect(reasonOf(() => sealer.unseal(each, CONTEXT))).toBe('malformed');
    }
  });

  it('of an older key opens, and is worth sealing anew', () => {
    const old = new KeySealer([former]).seal(SECRET, CONTEXT);
    const rotated = new KeySealer([current, former]);
    expect(rotated.unseal(old, CONTEXT).toString()).toBe(SECRET);
    expect(rotated.isCurrent(old)).toBe(false);
    const anew = rotated.seal(SECRET, CONTEXT);
    expect(rotated.isCurrent(anew)).toBe(true);
    expect(sealer.unseal(anew, CONTEXT).toString()).toBe(SECRET);
  });

  it('of an unknown key says so, and a key under a known id is none the less another', () => {
    const text = new KeySealer([stranger]).seal(SECRET, CONTEXT);
    expect(reasonOf(() => sealer.unseal(text, CONTEXT))).toBe('unknown-key');
    const [, kid = ''] = sealer.seal(SECRET, CONTEXT).split('.');
    const disguised = text.replace(/^tgs1\.[^.]+/, `tgs1.${kid}`);
    expect(reasonOf(() => sealer.unseal(disguised, CONTEXT))).toBe('not-authentic');
  });

  it('is in no error, nor is its context or the key', () => {
    const text = sealer.seal(SECRET, CONTEXT);
    for (const bad of [text.slice(0, -4), `${text}.`, new KeySealer([stranger]).seal('a', 'b')]) {
      let said = '';
      try {
        sealer.unseal(bad, 'another-context');
      } catch (error) {
        said = inspect(error, { depth: 9 });
      }
      expect(said).toContain('UnsealError');
      expect(said).not.toMatch(/another-context|tgs1\./);
    }
    expect(text).not.toContain(current.toString('base64url').slice(0, 8));
  });

  it('has a context, and a length', () => {
    for (const context of ['', 'x'.repeat(limits.sealingContextCharacters + 1)]) {
      expect(() => sealer.seal(SECRET, context)).toThrow(/short name/);
    }
    const long = randomBytes(limits.sealedSecretBytes + 1);
    expect(() => sealer.seal(long, CONTEXT)).toThrow('too long');
  });

  it('needs a whole key', () => {
    expect(() => new KeySealer([])).toThrow('no key');
    expect(() => new KeySealer([randomBytes(16)])).toThrow('32 bytes');
  });
});
