import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { KeySealer } from '../../platform/sealing/key-sealer.js';
import {
  newTokenKey,
  publishedKey,
  sealTokenKey,
  tokenKeyOf,
  unsealTokenKey,
} from './token-key.js';

const sealer = new KeySealer([randomBytes(32)]);

describe('a key of access tokens', () => {
  it('is known by its RFC 7638 thumbprint, and published without its private half', async () => {
    const key = newTokenKey();
    const jwk = key.publicKey.export({ format: 'jwk' });
    expect(key.kid).toBe(await calculateJwkThumbprint(jwk));
    expect(publishedKey(key)).toEqual({ ...jwk, kid: key.kid, alg: 'ES256', use: 'sig' });
    expect(publishedKey(key)).not.toHaveProperty('d');
  });

  it.each([
    ['on another curve', generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey],
    ['of another sort', generateKeyPairSync('ed25519').privateKey],
    ['that is public', createPublicKey(newTokenKey().privateKey)],
  ])('is not made of one %s', (_, key) => {
    expect(() => tokenKeyOf(key)).toThrow();
  });

  it('opens under its own name alone', () => {
    const [key, other] = [newTokenKey(), newTokenKey()];
    const sealed = sealTokenKey(sealer, key);
    expect(unsealTokenKey(sealer, key.kid, sealed).privateKey.equals(key.privateKey)).toBe(true);
    expect(() => unsealTokenKey(sealer, other.kid, sealed)).toThrow('does not open');
    // Sealed by somebody who may seal, but it is not the key that the row is named after.
    const der = other.privateKey.export({ type: 'pkcs8', format: 'der' });
    const swapped = sealer.seal(der, `token-signing-key:${key.kid}`);
    expect(() => unsealTokenKey(sealer, key.kid, swapped)).toThrow('does not open');
  });
});
