import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import {
  newSigningKey,
  publicKeyText,
  readPublicKey,
  signRelease,
  verifyRelease,
} from './signature.js';

const digest = `sha256:${'ab'.repeat(32)}`;
const { privateKey, publicKey } = newSigningKey();

describe('release signatures', () => {
  it('verify for their digest and key only', () => {
    const signature = signRelease(digest, privateKey);
    expect(signature).toMatch(/^[\w-]{86}$/);
    expect(verifyRelease(digest, signature, publicKey)).toBe(true);
    expect(verifyRelease(`sha256:${'ac'.repeat(32)}`, signature, publicKey)).toBe(false);
    expect(verifyRelease(digest, signature, newSigningKey().publicKey)).toBe(false);
  });

  it('are no signature of the bare digest, so that none can be borrowed from elsewhere', () => {
    const bare = sign(null, Buffer.from(digest), privateKey).toString('base64url');
    expect(verifyRelease(digest, bare, publicKey)).toBe(false);
  });

  it('are false for anything malformed, and never throw', () => {
    const good = signRelease(digest, privateKey);
    expect(verifyRelease(digest, good.slice(0, -2), publicKey)).toBe(false);
    expect(verifyRelease(digest, '', publicKey)).toBe(false);
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        expect(verifyRelease(digest, text, publicKey)).toBe(false);
      }),
    );
  });
});

describe('public keys', () => {
  it('are read as PEM and as the text that is stored', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(readPublicKey(`\n${pem}\n`).equals(publicKey)).toBe(true);
    expect(readPublicKey(publicKeyText(publicKey)).equals(publicKey)).toBe(true);
  });

  it('of another kind are refused', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const pem = rsa.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => readPublicKey(pem)).toThrow('not an Ed25519 public key');
  });

  it.each([
    '',
    'hello',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    'A'.repeat(42),
  ])('%j is none', (text) => {
    expect(() => readPublicKey(text)).toThrow('not a public key: give a PEM');
  });
});
