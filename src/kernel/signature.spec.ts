import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
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

  it.each([
    [
      'the neutral point, whose signatures anybody can make',
      '0100000000000000000000000000000000000000000000000000000000000000',
    ],
    [
      'all zeros, of order four',
      '0000000000000000000000000000000000000000000000000000000000000000',
    ],
    ['the point of order two', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['one of order eight', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['another of order eight', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    [
      'a zero that is written as the prime',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ],
    ['a y beyond the prime', 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
  ])('are none that are %s, as text or as PEM', (_what, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes]);
    const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----`;
    for (const text of [bytes.toString('base64url'), pem]) {
      expect(() => readPublicKey(text)).toThrow('a weak public key');
    }
  });

  it('would let a signature of nobody through if a weak one were read', () => {
    const x = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64url');
    const weak = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    // R is the neutral point as well, and S is zero.
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]).toString('base64url');
    expect(verifyRelease(digest, forged, weak)).toBe(true);
  });
});
