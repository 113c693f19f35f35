import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { ConfigError } from '../../platform/config/config-error.js';
import { Config } from '../../platform/config/config.js';
import { openAccessTokenKeys } from './access-token-key-file.js';
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

describe('the key file', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidegate-keys-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('is made once, by whichever process comes first, for its owner only', async () => {
    const config = Config.read({ TIDEGATE_HOME: join(home, 'new') });
    const opened = await Promise.all([1, 2, 3, 4].map(() => openAccessTokenKeys(config)));
    expect(new Set(opened.map(({ kid }) => kid)).size).toBe(1);
    const files = await readdir(config.home);
    expect(files).toHaveLength(1);
    expect((await stat(join(config.home, files[0]!))).mode & 0o777).toBe(0o600);
    expect((await openAccessTokenKeys(config)).kid).toBe(opened[0]!.kid);
  });

  it('of a cluster is never made by a process', async () => {
    const cluster = { mode: 'cluster', home, keys: { signingKeyFile: null } } as unknown as Config;
    await expect(openAccessTokenKeys(cluster)).rejects.toThrow('TIDEGATE_SIGNING_KEY_FILE');
  });

  it('that the operator named must be there', async () => {
    const config = Config.read({ TIDEGATE_SIGNING_KEY_FILE: join(home, 'absent.pem') });
    await expect(openAccessTokenKeys(config)).rejects.toThrow(ConfigError);
  });
});
