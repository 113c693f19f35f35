import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { bindRole } from '../../src/tenancy/permissions/role-bindings.store.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import {
  Browser,
  challengeOf,
  isCallback,
  newVerifier,
  OWN_ORIGIN,
} from '../support/oidc-browser.js';
import { CLIENT_SECRET, type ForgingIssuer, startForgingIssuer } from '../support/oidc-issuer.js';

let rig: IdentityApp;
let issuer: ForgingIssuer;
let other: ForgingIssuer;
let provider: { id: string; version: number };

beforeAll(async () => {
  issuer = await startForgingIssuer();
  other = await startForgingIssuer();
  rig = await identityApp({
    environment: { TIDEGATE_PUBLIC_URL: OWN_ORIGIN, TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  await rig.tenant('acme');
  await rig.user('boss', { acme: ['Admin'] });
  provider = (await connect('Forged', issuer.issuer)).body;
}, 60_000);

afterAll(async () => {
  await rig.close();
  await issuer.close();
  await other.close();
});

const admin = async (as = 'boss') => (await rig.login(as)).body.accessToken as string;

async function connect(name: string, at: string, more: object = {}, as = 'boss') {
  return rig.send('identity-providers', {
    method: 'POST',
    token: await admin(as),
    body: {
      name,
      issuer: at,
      clientId: 'tidegate',
      clientSecret: CLIENT_SECRET,
      admissions: [{ by: 'claim', claim: 'sub', value: 'forged' }],
      rules: [{ when: null, role: 'Viewer' }],
      ...more,
    },
  });
}

const startOf = (verifier: string, id: string) =>
  `/api/v1/authentication/oidc/${id}/start?redirect=/signed-in&challenge=${challengeOf(verifier)}`;

/** `signed in`, or the code of what was refused. */
async function signIn(id = provider.id): Promise<string> {
  const verifier = newVerifier();
  const { status, text, url } = await new Browser(rig).open(startOf(verifier, id));
  if (status !== 0) return JSON.parse(text).code;
  const code = url.searchParams.get('code');
  if (code === null) return url.searchParams.get('error')!;
  const answer = await rig.send('authentication/oidc/complete', {
    method: 'POST',
    body: { code, verifier },
  });
  return answer.status === 200 ? 'signed in' : answer.body.code;
}

const reasons = () =>
  rig.db.system((tx) => tx.query<{ n: number }>('select count(*)::int as n from users'));

describe('a token of an issuer', () => {
  const soon = () => Math.floor(Date.now() / 1000);
  it('signs in when it is as it should be', async () => {
    issuer.forge({});
    expect(await signIn()).toBe('signed in');
  });

  it.each([
    ['is for another client', { claims: { aud: 'somebody-else' } }],
    ['is for several, and not asked for by us', { claims: { aud: ['tidegate', 'b'], azp: 'b' } }],
    ['is of another issuer', { claims: { iss: 'https://accounts.example' } }],
    ['has another nonce', { claims: { nonce: 'replayed' } }],
    ['has no nonce', { claims: { nonce: undefined } }],
    ['is over', { claims: { exp: soon() - 3_600, iat: soon() - 7_200 } }],
    ['has no end', { claims: { exp: undefined } }],
    ['has no subject', { claims: { sub: undefined } }],
    ['has another access token’s hash', { claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
    ['is not signed', { alg: 'none' as const }],
    ['is signed with the secret that we share', { alg: 'HS256' as const }],
    ['is signed by a stranger', { isStrangersKey: true }],
  ])('is refused when it %s', async (_, forgery) => {
    const before = await reasons();
    issuer.forge(forgery);
    expect(await signIn()).toBe('identity-provider-refused');
    expect(await reasons()).toEqual(before);
  });
});

describe('an answer of an issuer', () => {
  it('says whose it is, if the issuer says so of itself', async () => {
    issuer.forge({ discovery: { authorization_response_iss_parameter_supported: true } });
    const at = (await connect('Says iss', issuer.issuer)).body.id;
    expect(await signIn(at)).toBe('identity-provider-refused');
    issuer.forge({});
  });

  it('is never taken for another’s: its code goes to nobody else', async () => {
    const evil = (await connect('Evil', other.issuer)).body.id;
    const browser = new Browser(rig);
    // Somebody begins at the evil one, which sends them on to the honest one with its own state.
    const begun = await browser.open(startOf(newVerifier(), evil), { stop: isCallback });
    const honest = new URL(begun.url.href.replace(evil, provider.id));
    honest.searchParams.set('code', 'code-of-the-honest-one');
    const { status, text } = await browser.open(honest.href);
    expect([status, JSON.parse(text).code]).toEqual([401, 'sign-in-answer-refused']);
    expect(other.codes).toEqual([]);
    expect(issuer.codes).not.toContain('code-of-the-honest-one');
  });

  it('may be a refusal, which leads back with its code', async () => {
    const browser = new Browser(rig);
    const { url } = await browser.open(startOf(newVerifier(), provider.id), { stop: isCallback });
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    const landed = await browser.open(url.href);
    expect(landed.url.search).toBe('?error=identity-provider-refused');
  });
});

describe('an issuer', () => {
  it('is asked with state, nonce and PKCE, each time anew, at one address to the letter', async () => {
    issuer.forge({});
    const before = issuer.asked.authorize.length;
    for (const _ of [1, 2]) expect(await signIn()).toBe('signed in');
    const begun = issuer.asked.authorize.slice(before);
    const ended = issuer.asked.token.slice(-2);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const [first, second] = begun.map((query) => query.get(name)!);
      expect([name, first!.length >= 43, first === second]).toEqual([name, true, false]);
    }
    for (const [index, query] of begun.entries()) {
      expect(query.get('response_type')).toBe('code');
      expect(query.get('code_challenge_method')).toBe('S256');
      const verifier = ended[index]!.get('code_verifier')!;
      expect(challengeOf(verifier)).toBe(query.get('code_challenge'));
      const here = `${OWN_ORIGIN}/api/v1/authentication/oidc/${provider.id}/callback`;
      expect([query.get('redirect_uri'), ended[index]!.get('redirect_uri')]).toEqual([here, here]);
    }
  });

  it('inside the network is not called, and of one that is away people hear nothing more', async () => {
    const inside = await startForgingIssuer('127.0.0.2');
    try {
      const made = await connect('Inside', inside.issuer);
      expect(await signIn(made.body.id)).toBe('identity-provider-unavailable');
      const token = await admin();
      const { body } = await rig.send(`identity-providers/${made.body.id}/test`, {
        method: 'POST',
        token,
      });
      expect([body.isUsable, body.checks.at(-1).isPassed]).toEqual([false, false]);
    } finally {
      await inside.close();
    }
    const away = await startForgingIssuer();
    await away.close();
    const gone = await connect('Away', away.issuer);
    expect(await signIn(gone.body.id)).toBe('identity-provider-unavailable');
  });

  it('is tested, and what is wrong is said', async () => {
    issuer.forge({});
    const test = async () =>
      (
        await rig.send(`identity-providers/${provider.id}/test`, {
          method: 'POST',
          token: await admin(),
        })
      ).body;
    expect((await test()).isUsable).toBe(true);
    issuer.forge({ discovery: { issuer: 'https://elsewhere.example' } });
    expect((await test()).checks.at(-1)).toMatchObject({ name: 'discovery', isPassed: false });
    issuer.forge({ discovery: { id_token_signing_alg_values_supported: ['none', 'HS256'] } });
    expect((await test()).checks.at(-1)).toMatchObject({ name: 'algorithms', isPassed: false });
    issuer.forge({ discovery: { authorization_endpoint: 'javascript:alert(1)' } });
    expect((await test()).checks.at(-1)).toMatchObject({ name: 'endpoints', isPassed: false });
    issuer.forge({});
  });

  it.each([
    'https://login.example.com/?a=b',
    'https://login.example.com/#a',
    'https://user@login.example.com/',
    'https://login.example.com\\@evil.example',
    'ftp://login.example.com/',
    'login.example.com',
  ])('is no address like %s', async (address) => {
    expect((await connect('Bad', address)).body.code).toBe('provider-issuer-invalid');
  });
});

describe('an identity provider', () => {
  it('shows its secret to nobody, and keeps it for its own issuer', async () => {
    const token = await admin();
    const list = await rig.send('identity-providers', { token });
    expect(JSON.stringify(list.body)).not.toContain('canary-client-secret');
    expect(list.body.items[0].hasSecret).toBe(true);
    const [row] = await rig.db.system((tx) =>
      tx.query<{ text: string }>(
        `select (select jsonb_agg(to_jsonb(p))::text from identity_providers p)
           || coalesce((select jsonb_agg(to_jsonb(a))::text from audit_pending a), '') as text`,
      ),
    );
    expect(row!.text).not.toContain('canary-client-secret');
    const id = list.body.items[0].id;
    const { body } = await rig.send(`identity-providers/${id}`, { token });
    const { id: _i, hasSecret: _h, redirectUri: _r, version, createdAt: _c, ...rules } = body;
    const moved = await rig.send(`identity-providers/${id}`, {
      method: 'PUT',
      token,
      headers: { 'if-match': `"${version}"` },
      body: { ...rules, issuer: 'https://evil.example' },
    });
    expect([moved.status, moved.body.hasSecret]).toEqual([200, false]);
  });

  it('is made and changed with a fresh proof only, by those who manage them', async () => {
    await rig.user('deployer-of-acme', { acme: ['Deployer'] });
    const refused = await connect('No', issuer.issuer, {}, 'deployer-of-acme');
    expect([refused.status, refused.body.code]).toEqual([403, 'permission-missing']);
    const token = await admin();
    rig.clock.advance(5 * 60_000 + 1);
    const body = { name: 'Late', issuer: issuer.issuer, clientId: 'x' };
    const late = await rig.send('identity-providers', { method: 'POST', token, body });
    expect(late.body.code).toBe('step-up-required');
    rig.clock.advance(-5 * 60_000 - 1);
  });

  it('gives no more than its maker may do, and never PlatformAdmin but by the platform’s', async () => {
    const giving = (role: string) => ({ rules: [{ when: null, role }] });
    const beyond = await connect('Beyond', issuer.issuer, giving('PlatformAdmin'));
    expect(beyond.body.code).toBe('platform-role');
    const unknown = await connect('Unknown', issuer.issuer, giving('Nobody'));
    expect(unknown.body.code).toBe('role-unknown');
    const keeper = await rig.user('keeper', { acme: ['Viewer'] });
    const [{ id: acme } = { id: '' }] = await rig.db.system((tx) =>
      tx.query<{ id: string }>(`select id from tenants where slug = 'acme'`),
    );
    await rig.db.transaction(Context.system(acme, 'test'), async (open) => {
      const role = newId();
      await open.tx.query(
        `insert into roles (tenant_id, id, name, name_key, permissions)
         values ($1, $2, 'Keeper', 'keeper', '{identity-providers:manage}')`,
        [acme, role],
      );
      await bindRole(open, { role: { id: role }, subject: { kind: 'user', id: keeper } });
    });
    const climbing = await connect('Climbing', issuer.issuer, giving('Admin'), 'keeper');
    expect(climbing.body.code).toBe('role-beyond-own');
    expect((await connect('Level', issuer.issuer, giving('Keeper'), 'keeper')).status).toBe(201);
    await rig.user('operator-of-all', { platform: ['PlatformAdmin'] });
    const platform = await connect(
      'Platform',
      issuer.issuer,
      giving('PlatformAdmin'),
      'operator-of-all',
    );
    expect(platform.status).toBe(201);
    expect(await signIn(platform.body.id)).toBe('signed in');
  });

  it('is told of by tenant or address, in one form also for what there is not', async () => {
    const of = async (query: string) =>
      (await rig.send(`authentication/providers?${query}`)).body.items.map(
        ({ name }: { name: string }) => name,
      );
    expect(await of('tenant=acme')).toContain('Evil');
    expect(await of('tenant=nobody')).toEqual(['Platform']);
    expect(await of('email=a@nobody.example')).toEqual(['Platform']);
  });

  it('of another tenant is one that does not exist', async () => {
    await rig.tenant('beta');
    await rig.user('beta-boss', { beta: ['Admin'] });
    const token = await admin('beta-boss');
    const { status, body } = await rig.send(`identity-providers/${provider.id}`, { token });
    expect([status, body.code]).toEqual([404, 'identity-provider-not-found']);
    const link = await rig.send(`me/identities/${provider.id}/start`, {
      method: 'POST',
      token,
      body: { redirect: '/signed-in', challenge: challengeOf(newVerifier()) },
    });
    expect(link.status).toBe(404);
  });
});
