import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { UnsealError, type Sealer } from '../../platform/sealing/sealer.js';
import type { SigningKey } from './token-signer.js';

/** A pair on P-256 (ES256), under the RFC 7638 thumbprint of its public half. */
export interface TokenKey extends SigningKey {
  readonly publicKey: KeyObject;
}

export interface PublishedKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

export function newTokenKey(): TokenKey {
  return tokenKeyOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
}

/** Throws for a key of another sort. */
export function tokenKeyOf(privateKey: KeyObject): TokenKey {
  const isFitting =
    privateKey.asymmetricKeyType === 'ec' &&
    privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isFitting) throw new Error('keys of access tokens must be EC keys on P-256 (ES256)');
  const publicKey = createPublicKey(privateKey);
  return { kid: thumbprint(publicKey), privateKey, publicKey };
}

/** Public halves only. */
export function publishedKey({ kid, publicKey }: TokenKey): PublishedKey {
  const { x, y } = coordinates(publicKey);
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

export function sealTokenKey(sealer: Sealer, { kid, privateKey }: TokenKey): string {
  return sealer.seal(privateKey.export({ type: 'pkcs8', format: 'der' }), contextOf(kid));
}

/**
 * A row is believed because its private half opens and fits: nobody who can only write the table can put
 * a key of his own there. Throws UnsealError.
 */
export function unsealTokenKey(sealer: Sealer, kid: string, sealed: string): TokenKey {
  const der = sealer.unseal(sealed, contextOf(kid));
  const key = tokenKeyOf(createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }));
  if (key.kid !== kid) throw new UnsealError('not-authentic');
  return key;
}

function contextOf(kid: string): string {
  return `token-signing-key:${kid}`;
}

/** The key's own digest is its id, so an id cannot be given to another key. */
function thumbprint(publicKey: KeyObject): string {
  const { x, y } = coordinates(publicKey);
  const members = { crv: 'P-256', kty: 'EC', x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function coordinates(publicKey: KeyObject): { readonly x: string; readonly y: string } {
  const { x, y } = publicKey.export({ format: 'jwk' });
  return { x: x!, y: y! };
}
