/** The key of a passkey as others can read it: authenticators write it as COSE, tools take DER. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';

export interface ReadableKey {
  /** SubjectPublicKeyInfo in DER, base64url. */
  readonly publicKey: string;
  readonly algorithm: number;
}

/** Throws for a kind of key that is never enrolled. */
export function readableKey(coseKey: Uint8Array): ReadableKey {
  const key = decodeCredentialPublicKey(Uint8Array.from(coseKey));
  const algorithm = key.get(cose.COSEKEYS.alg);
  if (algorithm === undefined) throw new Error('a key of a passkey says no algorithm');
  const der = createPublicKey({ key: jwkOf(key), format: 'jwk' }).export({
    type: 'spki',
    format: 'der',
  });
  return { publicKey: der.toString('base64url'), algorithm };
}

function jwkOf(key: cose.COSEPublicKey): JsonWebKey {
  const { x, y, n, e } = cose.COSEKEYS;
  if (cose.isCOSEPublicKeyEC2(key)) {
    return { kty: 'EC', crv: 'P-256', x: base64url(key.get(x)), y: base64url(key.get(y)) };
  }
  if (cose.isCOSEPublicKeyOKP(key)) {
    return { kty: 'OKP', crv: 'Ed25519', x: base64url(key.get(x)) };
  }
  if (cose.isCOSEPublicKeyRSA(key)) {
    return { kty: 'RSA', n: base64url(key.get(n)), e: base64url(key.get(e)) };
  }
  throw new Error('a key of a passkey is of no kind that is enrolled');
}

function base64url(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64url');
}
