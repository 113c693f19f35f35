import type { EnvironmentRules } from '../../fleet/environments/environment.js';
import { readPublicKey, verifyRelease } from '../../kernel/signature.js';
import { signatureInvalid, signatureRequired, signingKeyRevoked } from '../releases.errors.js';

/** `required` refuses a release that nobody signed; both refuse one that is signed wrongly. */
export type SignaturePolicy = EnvironmentRules['signaturePolicy'];

export interface ReleaseSignature {
  readonly keyId: string;
  readonly publicKey: string;
  readonly value: string;
  /** Revoked by now, whenever the release was signed: a stolen key signs with old dates, too. */
  readonly revoked: boolean;
}

export interface SignatureQuestion {
  readonly policy: SignaturePolicy;
  readonly releaseDigest: string;
  readonly signature: ReleaseSignature | null;
}

/**
 * Returns when the release may be deployed under the policy; throws `signature-required`,
 * `signing-key-revoked` or `signature-invalid` otherwise.
 */
export function checkSignature({ policy, releaseDigest, signature }: SignatureQuestion): void {
  if (!signature) {
    if (policy === 'if-present') return;
    throw signatureRequired(releaseDigest);
  }
  const details = { releaseDigest, keyId: signature.keyId };
  if (signature.revoked) {
    throw signingKeyRevoked(details);
  }
  if (!isSignedBy(signature.publicKey, releaseDigest, signature.value)) {
    throw signatureInvalid(
      'The signature does not fit the release: it or its key was changed. Push a new version.',
      details,
    );
  }
}

/** False for everything that is not plainly right, a damaged key among it. */
export function isSignedBy(publicKey: string, releaseDigest: string, value: string): boolean {
  try {
    return verifyRelease(releaseDigest, value, readPublicKey(publicKey));
  } catch {
    return false;
  }
}
