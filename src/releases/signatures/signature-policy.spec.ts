import fc from 'fast-check';
import { digestOf } from '../../kernel/digest.js';
import { newSigningKey, publicKeyText, signRelease } from '../../kernel/signature.js';
import { checkSignature, isSignedBy } from './signature-policy.js';

const { publicKey, privateKey } = newSigningKey();
const releaseDigest = digestOf('release', { artifactDigest: 'a', manifest: {} }).digest;
const signature = {
  keyId: 'key-1',
  publicKey: publicKeyText(publicKey),
  value: signRelease(releaseDigest, privateKey),
  revoked: false,
};
const policies = ['required', 'if-present'] as const;

it.each(policies)('accepts a release that a valid key signed, if the policy is %s', (policy) => {
  expect(() => checkSignature({ policy, releaseDigest, signature })).not.toThrow();
});

it('accepts an unsigned release only where no signature is demanded', () => {
  const unsigned = { releaseDigest, signature: null };
  expect(() => checkSignature({ policy: 'if-present', ...unsigned })).not.toThrow();
  expect(() => checkSignature({ policy: 'required', ...unsigned })).toThrow(
    expect.objectContaining({ code: 'signature-required', kind: 'conflict' }),
  );
});

describe.each(policies)('if the policy is %s', (policy) => {
  const codeOf = (changed: Partial<typeof signature>, digest = releaseDigest) => {
    try {
      checkSignature({ policy, releaseDigest: digest, signature: { ...signature, ...changed } });
      return 'accepted';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('refuses a revoked key, even with a signature that fits', () => {
    expect(codeOf({ revoked: true })).toBe('signing-key-revoked');
  });

  it('refuses a signature of another key, another release, or a damaged one', () => {
    expect(codeOf({ publicKey: publicKeyText(newSigningKey().publicKey) })).toBe(
      'signature-invalid',
    );
    const other = digestOf('release', { artifactDigest: 'b', manifest: {} }).digest;
    expect(codeOf({}, other)).toBe('signature-invalid');
    expect(codeOf({ value: '' })).toBe('signature-invalid');
    expect(codeOf({ value: signature.value.slice(2) })).toBe('signature-invalid');
    expect(codeOf({ publicKey: 'not a key' })).toBe('signature-invalid');
  });
});

it('takes no text for a signature but the right one', () => {
  const right = Buffer.from(signature.value, 'base64url');
  fc.assert(
    fc.property(fc.nat(511), (bit) => {
      const changed = Buffer.from(right);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const value = changed.toString('base64url');
      return !isSignedBy(signature.publicKey, releaseDigest, value);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (value) => !isSignedBy(signature.publicKey, releaseDigest, value)),
  );
});
