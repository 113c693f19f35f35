import { CompactSign, SignJWT } from 'jose';
import { newSigningKey, publicKeyText } from '../../kernel/signature.js';
import { DESIRED_TYPE } from '../protocol/protocol.js';
import { verifyStatement } from './verify-statement.js';

const key = newSigningKey();
const second = newSigningKey();
const id = (digit: string) => `01890000-0000-7000-8000-00000000000${digit}`;
const release = {
  releaseId: id('5'),
  version: '1.0.0',
  releaseDigest: `sha256:${'a'.repeat(64)}`,
  artifactDigest: `sha256:${'b'.repeat(64)}`,
  artifactBytes: 10,
  manifestText: '{}',
  configurationId: null,
  configuration: {},
  signature: null,
  trafficPercent: 100,
};
const module = {
  moduleId: id('3'),
  name: 'orders',
  generation: 4,
  signatureRequired: false,
  releases: [release],
};
const statement = {
  protocol: 1,
  tenantId: id('1'),
  nodeId: id('2'),
  nonce: 'fresh',
  revision: 7,
  reportIntervalMs: 5000,
  modules: [module],
};
const expected = {
  serverKeys: [
    { kid: 'k1', publicKey: publicKeyText(key.publicKey) },
    { kid: 'k2', publicKey: publicKeyText(second.publicKey) },
  ],
  tenantId: id('1'),
  nodeId: id('2'),
  nonce: 'fresh',
  revision: 7,
};

function sign(payload: object, header: object = {}, privateKey = key.privateKey) {
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', typ: DESIRED_TYPE, kid: 'k1', ...header })
    .sign(privateKey);
}

const verify = async (text: string | Promise<string>) => verifyStatement(await text, expected);

it('accepts a statement of either server key, so that keys can be rotated', async () => {
  await expect(verify(sign(statement))).resolves.toMatchObject({ revision: 7, refused: [] });
  const other = sign(statement, { kid: 'k2' }, second.privateKey);
  await expect(verify(other)).resolves.toMatchObject({ modules: [module] });
});

it.each([
  ['another tenant', { tenantId: id('9') }, 'statement-other-tenant'],
  ['another node', { nodeId: id('9') }, 'statement-other-node'],
  ['the nonce of an earlier request', { nonce: 'old' }, 'statement-replayed'],
  ['an older revision', { revision: 6 }, 'statement-outdated'],
  ['an unknown field', { extra: true }, 'statement-unknown-field'],
  ['another protocol', { protocol: 2 }, 'statement-invalid'],
  ['no nonce', { nonce: undefined }, 'statement-invalid'],
  ['a module twice', { modules: [module, module] }, 'statement-invalid'],
])('refuses a genuine statement with %s', async (_what, change, code) => {
  await expect(verify(sign({ ...statement, ...change }))).rejects.toMatchObject({ code });
});

it('refuses a wrong signature, key, type or algorithm', async () => {
  const good = await sign(statement);
  const [head, , signature] = good.split('.');
  const payload = Buffer.from(JSON.stringify({ ...statement, revision: 8 })).toString('base64url');
  const none = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url');
  const shared = new TextEncoder().encode(publicKeyText(key.publicKey));
  const hmac = await new SignJWT(statement)
    .setProtectedHeader({ alg: 'HS256', typ: DESIRED_TYPE, kid: 'k1' })
    .sign(shared);
  const jwk = key.publicKey.export({ format: 'jwk' });
  const bad = [
    `${head}.${payload}.${signature}`,
    `${good.slice(0, -4)}AAAA`,
    `${none}.${payload}.`,
    hmac,
    '',
    'a.b.c',
    await sign(statement, {}, second.privateKey),
    await sign(statement, { kid: 'k3' }),
    await sign(statement, { kid: undefined, jwk }),
    await sign(statement, { typ: 'JWT' }),
    await sign(statement, { typ: undefined }),
  ];
  for (const text of bad) {
    await expect(verify(text)).rejects.toMatchObject({ code: 'statement-signature' });
  }
});

it('refuses only the module that it does not understand', async () => {
  const odd = { ...module, moduleId: id('4'), canary: true };
  const deep = { ...module, moduleId: id('6'), releases: [{ ...release, sidecar: {} }] };
  const shares = [
    { ...release, trafficPercent: 60 },
    { ...release, trafficPercent: 60 },
  ];
  const uneven = { ...module, moduleId: id('7'), releases: shares };
  const read = await verify(sign({ ...statement, modules: [odd, module, deep, uneven] }));
  expect(read.modules).toEqual([module]);
  expect(read.refused.map((one) => [one.moduleId, one.reason.code])).toEqual([
    [id('4'), 'unknown-field'],
    [id('6'), 'unknown-field'],
    [id('7'), 'traffic-invalid'],
  ]);
});
