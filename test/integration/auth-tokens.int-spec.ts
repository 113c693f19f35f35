import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT, createLocalJWKSet, jwtVerify } from 'jose';
import { Authenticator } from '../../src/tenancy/auth/authenticator.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';

let rig: IdentityApp;
let good: string;
let claims: Record<string, unknown>;
let header: { alg: string; typ: string; kid: string };

beforeAll(async () => {
  rig = await identityApp();
  await rig.tenant('acme');
  await rig.user('ada', { acme: ['Viewer'] });
  good = (await rig.login('ada')).body.accessToken;
  claims = decodeJwt(good);
  header = decodeProtectedHeader(good) as typeof header;
}, 60_000);

afterAll(() => rig.close());

const me = (token: string) => rig.send('authentication/me', { token });
const seconds = () => Math.floor(Date.now() / 1000);
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signed by the right key: only what the test changes is wrong. */
function signed(payload: Record<string, unknown>, head: Record<string, unknown> = {}) {
  const protectedHeader = { ...header, ...head };
  return new SignJWT({ ...claims, ...payload })
    .setProtectedHeader(protectedHeader)
    .sign(createPrivateKey(rig.privateKey), { crit: { 'x-ours': true } });
}

describe('an access token', () => {
  it('is accepted as it was given, also for sockets', async () => {
    expect((await me(good)).status).toBe(200);
    expect((await me(await signed({}))).status).toBe(200);
    const context = await rig.app.get(Authenticator).authenticateToken(good);
    expect(context.tenantId).toBe(claims['tid']);
    expect(context.actor).toMatchObject({ kind: 'user', name: 'ada', id: claims['sub'] });
    expect(context.can('deployments:read')).toBe(true);
    expect(context.can('deployments:create')).toBe(false);
  });

  it('lives at most fifteen minutes', () => {
    expect((claims['exp'] as number) - (claims['iat'] as number)).toBe(900);
  });

  it('can be verified by others with the published keys', async () => {
    const { body } = await rig.send('/.well-known/jwks.json');
    expect(JSON.stringify(body)).not.toContain('"d"');
    const { payload } = await jwtVerify(good, createLocalJWKSet(body), { issuer: 'tidegate' });
    expect(payload['username']).toBe('ada');
  });
});

describe('a token is refused with 401', () => {
  const cases: Record<string, () => string | Promise<string>> = {
    'that is garbage': () => 'not.a.token',
    'with two parts': () => good.split('.').slice(0, 2).join('.'),
    'with a cut signature': () => good.slice(0, -4),
    'that is too long': () => `${good}${'A'.repeat(5000)}`,
    'that has expired': () =>
      signed({ iat: seconds() - 960, nbf: seconds() - 960, exp: seconds() - 60 }),
    'that is not good yet': () =>
      signed({ iat: seconds() + 90, nbf: seconds() + 90, exp: seconds() + 300 }),
    'that would live for a day': () => signed({ exp: seconds() + 86_400 }),
    'without exp': () => signed({ exp: undefined }),
    'without nbf': () => signed({ nbf: undefined }),
    'of another issuer': () => signed({ iss: 'somebody' }),
    'for another audience': () => signed({ aud: 'tidegate-agent' }),
    'of another type': () => signed({}, { typ: 'JWT' }),
    'without a type': () => signed({}, { typ: undefined }),
    'with an unknown kid': () => signed({}, { kid: 'another' }),
    'with a kid that is a path': () => signed({}, { kid: '../../etc/passwd' }),
    'with a kid from the prototype': () => signed({}, { kid: '__proto__' }),
    'without a kid': () => signed({}, { kid: undefined }),
    'with crit': () => signed({}, { crit: ['x-ours'], 'x-ours': 1 }),
    'with a key of its own': async () => {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const jwk = own.publicKey.export({ format: 'jwk' });
      const head = { ...header, jwk };
      return new SignJWT(claims).setProtectedHeader(head).sign(own.privateKey);
    },
    'that points to a key': () => signed({}, { jku: 'http://127.0.0.1:1/keys' }),
    'signed by another key under our kid': () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      return new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    },
    'on another curve': () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
      return new SignJWT(claims).setProtectedHeader({ ...header, alg: 'ES384' }).sign(privateKey);
    },
    'with alg none': () => `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
    'signed with HS256 and the public key as its secret': () => {
      const publicKey = createPublicKey(rig.privateKey).export({ type: 'spki', format: 'pem' });
      const input = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`;
      return `${input}.${createHmac('sha256', publicKey).update(input).digest('base64url')}`;
    },
    'of a person who does not exist': () => signed({ sub: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f' }),
    'of a session that does not exist': () => signed({ sid: 'f'.repeat(64) }),
    'for a tenant where the person is nobody': () =>
      signed({ tid: '00000000-0000-7000-8000-000000000001', tenant: 'platform' }),
  };

  it.each(Object.keys(cases))('%s', async (name) => {
    const answer = await me(await cases[name]!());
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('claims roles in vain: only the membership counts', async () => {
    const { body } = await me(await signed({ roles: ['Admin', 'PlatformAdmin'] }));
    expect(body.roles).toEqual(['Viewer']);
  });
});
