import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';

/**
 * `at_hash` binds the access token to the ID token. openid-client leaves it to us in the code flow, where an
 * issuer may leave it out. The signature of the ID token is checked by then.
 */
export function isHashOfAccessToken(
  atHash: unknown,
  { idToken, accessToken }: { readonly idToken: string; readonly accessToken: string },
): boolean {
  if (atHash === undefined) return true;
  const { alg = '' } = decodeProtectedHeader(idToken);
  // Of the digest of the signature; EdDSA with Ed25519 has SHA-512.
  const bits = /(256|384|512)$/.exec(alg)?.[1] ?? '512';
  const digest = createHash(`sha${bits}`).update(accessToken, 'ascii').digest();
  return atHash === digest.subarray(0, digest.length / 2).toString('base64url');
}
