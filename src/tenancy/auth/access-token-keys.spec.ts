import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { AccessTokenKeys } from './access-token-keys.js';

function pem(namedCurve = 'prime256v1'): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('the keys of access tokens', () => {
  it('are known by their RFC 7638 thumbprint, without their private half', async () => {
    const key = pem();
    const keys = AccessTokenKeys.fromPem(key);
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    expect(keys.kid).toBe(await calculateJwkThumbprint(jwk));
    expect(keys.published()).toEqual([{ ...jwk, kid: keys.kid, alg: 'ES256', use: 'sig' }]);
  });

  it('verify with a former key during a rotation, and with nothing else', () => {
    const [former, current] = [pem(), pem()];
    const keys = AccessTokenKeys.fromPem(current, [former]);
    const formerKid = AccessTokenKeys.fromPem(former).kid;
    expect(keys.verifyingKey(formerKid)?.type).toBe('public');
    expect(keys.kid).not.toBe(formerKid);
    for (const kid of ['', '__proto__', 'constructor', '../key']) {
      expect(keys.verifyingKey(kid)).toBeUndefined();
    }
  });

  it.each([
    ['no key', 'hello'],
    ['a key on another curve', pem('secp384r1')],
    ['a public key', createPublicKey(pem()).export({ type: 'spki', format: 'pem' }).toString()],
  ])('are not made of %s', (_, text) => {
    expect(() => AccessTokenKeys.fromPem(text)).toThrow(/key/);
  });
});
