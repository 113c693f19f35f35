import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { isWeakPublicKey } from './weak-public-key.js';

/**
 * Ed25519 signatures over a domain-separated text. A release is signed over its releaseDigest, so
 * one signature covers manifest and artifact.
 */
const RELEASE_DOMAIN = 'tidegate:release-signature:v1\n';

/** Returns the signature as unpadded base64url. */
export function signRelease(releaseDigest: string, privateKey: KeyObject): string {
  return sign(null, Buffer.from(RELEASE_DOMAIN + releaseDigest), privateKey).toString('base64url');
}

/** False for a wrong, truncated or malformed signature; never throws on bad input. */
export function verifyRelease(
  releaseDigest: string,
  signature: string,
  publicKey: KeyObject,
): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.length !== 64) return false;
  return verify(null, Buffer.from(RELEASE_DOMAIN + releaseDigest), publicKey, bytes);
}

/**
 * Reads an Ed25519 public key: PEM (SPKI), or the raw 32 bytes as base64url (the `x` of a JWK).
 * Throws Error with a sentence for anything else, a key that is no one's included.
 */
export function readPublicKey(text: string): KeyObject {
  const trimmed = text.trim();
  let key: KeyObject;
  try {
    key = trimmed.startsWith('-----BEGIN')
      ? createPublicKey(trimmed)
      : createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: trimmed }, format: 'jwk' });
  } catch (error) {
    throw new Error('not a public key: give a PEM (SPKI) or 32 bytes as base64url', {
      cause: error,
    });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 public key');
  if (isWeakPublicKey(Buffer.from(publicKeyText(key), 'base64url'))) {
    throw new Error('a weak public key, for which anybody can sign: make another one');
  }
  return key;
}

/** The `x` of the key's JWK: 32 bytes as base64url. The wire and database form of a public key. */
export function publicKeyText(key: KeyObject): string {
  const jwk = key.export({ format: 'jwk' });
  return jwk.x as string;
}

export function newSigningKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ed25519');
}
