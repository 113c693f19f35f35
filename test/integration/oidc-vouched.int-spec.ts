/** How far a session reaches that a tenant's provider vouches for: whoever runs that provider has it, too. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { canonicalJson } from '../../src/kernel/canonical-json.js';
import { newId } from '../../src/kernel/ids.js';
import { grantRole } from '../../src/tenancy/users/users.store.js';
import { cookieFrom, ownPage } from '../support/browser.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { KeyPeople } from '../support/key-people.js';
import { Browser, newVerifier, OWN_ORIGIN } from '../support/oidc-browser.js';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.js';
import { type OidcPeople, oidcPeople, startOf } from '../support/oidc-people.js';
import { factsOf } from '../support/second-factors.js';
import { toldOf } from '../support/told-of.js';

let rig: IdentityApp;
let issuer: OidcIssuer;
let people: OidcPeople;
/** Acme's own, and the platform's. */
let acmeProvider: string;
let platformProvider: string;
let acme: string;

beforeAll(async () => {
  issuer = await startOidcIssuer();
  rig = await identityApp({
    environment: { TIDEGATE_PUBLIC_URL: OWN_ORIGIN, TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  people = oidcPeople(rig, issuer);
  acme = await rig.tenant('acme');
  await rig.tenant('other');
  await rig.user('boss', { acme: ['Admin'] });
  await rig.user('operator', { platform: ['PlatformAdmin'] });
  acmeProvider = (
    await people.connect({
      name: 'Company',
      admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
      rules: [{ when: { claim: 'groups', value: 'staff' }, role: 'Viewer' }],
    })
  ).id;
  platformProvider = (await people.connect({ name: 'Everybody' }, 'operator')).id;
}, 60_000);

afterAll(async () => {
  await rig.close();
  await issuer.close();
});

let count = 0;

async function groupNamed(name: string): Promise<string> {
  await rig.inTenant(acme, ({ tx }) =>
    tx.execute(
      `insert into groups (tenant_id, id, name, name_key) values ($1, gen_random_uuid(), $2, $2)`,
      [acme, name],
    ),
  );
  return name;
}

/** As the body of a request to create a provider is completed before it is compared. */
const repeatable = (body: object) => ({
  claims: {
    username: 'preferred_username',
    email: 'email',
    emailVerified: 'email_verified',
    displayName: 'name',
  },
  scopes: ['openid', 'profile', 'email'],
  factor: { counts: 'never' },
  admissions: [],
  rules: [],
  isEnabled: true,
  ...body,
});

/** A member of acme and of another tenant, whose account is linked to somebody at the issuer. */
async function linked(roles: Parameters<IdentityApp['user']>[1] = {}) {
  count += 1;
  const name = `person-${count}`;
  await rig.user(name, { acme: ['Admin'], other: ['Viewer'], ...roles });
  const own = (await rig.login(name, undefined, 'acme')).body.accessToken as string;
  const at = { token: own, id: acmeProvider, as: name };
  expect((await people.atProvider('start', at)).status).toBe(200);
  const vouched = await people.signIn(name, { id: acmeProvider });
  expect(vouched.status).toBe(200);
  return { name, own, vouched: vouched.body.accessToken as string };
}

/** What such a session may do with an account, and why that is harmless. */
const OPEN: Readonly<Record<string, string>> = {
  'POST /api/v1/authentication/logout': 'ends itself',
  'POST /api/v1/authentication/switch-tenant': 'other tenants refuse it',
  'POST /api/v1/authentication/browser/logout': 'ends itself',
  'POST /api/v1/authentication/browser/switch-tenant': 'other tenants refuse it',
  'POST /api/v1/authentication/step-up': 'takes a factor, no password; counts in this session only',
  'POST /api/v1/authentication/step-up/passkey/options': 'a challenge',
  'GET /api/v1/me': 'what the tenant shows of its members',
  'GET /api/v1/me/tenants': 'this tenant alone',
  'GET /api/v1/me/sessions': 'those of the same provider alone',
  'DELETE /api/v1/me/sessions/{id}': 'those of the same provider alone',
  'POST /api/v1/me/sessions/end-all': 'those of the same provider alone',
  'POST /api/v1/me/identities/{id}/prove': 'a proof at the provider that vouches',
  'POST /api/v1/me/identities/complete': 'a proof; linking is refused there',
};

/** Routes that need a session and no permission: those about people themselves. */
async function routesOfPeople() {
  const document = (await rig.send('/api/openapi.json')).body as OpenAPIObject;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'delete'] as const).flatMap((verb) => {
      const operation = item[verb] as
        { security?: unknown[]; 'x-permission'?: string; description?: string } | undefined;
      if (!operation || operation.security?.length === 0) return [];
      if (
        operation['x-permission'] ||
        !/For people with a session only/.test(operation.description ?? '')
      )
        return [];
      const method = verb.toUpperCase() as 'GET' | 'POST' | 'PUT' | 'DELETE';
      return [{ name: `${method} ${path}`, method, path: path.replace(/\{\w+\}/g, newId()) }];
    }),
  );
}

describe('the account of somebody for whom a tenant’s provider vouches', () => {
  it('is closed to that session, by every route about people that there is', async () => {
    const { own, vouched } = await linked();
    const routes = await routesOfPeople();
    const names = routes.map(({ name }) => name);
    expect(Object.keys(OPEN).filter((name) => !names.includes(name))).toEqual([]);
    const closed = routes.filter(({ name }) => !Object.hasOwn(OPEN, name));
    const wrong: string[] = [];
    for (const { name, method, path } of closed) {
      const ask = (token: string) => rig.send(path, { method, token });
      const [theirs, ours] = [(await ask(vouched)).body, (await ask(own)).body];
      if (theirs?.code !== 'own-sign-in-needed') wrong.push(`${name}: ${theirs?.code}`);
      if (ours?.code === 'own-sign-in-needed') wrong.push(`${name} is closed to the person, too`);
    }
    expect(wrong).toEqual([]);
    expect(closed.length).toBeGreaterThan(15);
  });

  it('shows it the sessions of that provider and ends no others', async () => {
    const { name, own, vouched } = await linked();
    const sessionsOf = async (token: string) => {
      const { items } = (await rig.send('me/sessions', { token })).body;
      return (items as { id: string; method: string }[]).map(({ id, method }) => ({ id, method }));
    };
    const all = await sessionsOf(own);
    expect(all.map(({ method }) => method).sort()).toEqual(['oidc', 'password']);
    expect((await sessionsOf(vouched)).map(({ method }) => method)).toEqual(['oidc']);
    const password = all.find(({ method }) => method === 'password')!;
    const end = (token: string, id: string) =>
      rig.send(`me/sessions/${id}`, { method: 'DELETE', token });
    expect((await end(vouched, password.id)).body.code).toBe('session-not-found');
    const second = (await people.signIn(name, { id: acmeProvider })).body.accessToken as string;
    const both = await rig.send('me/sessions/end-all', { method: 'POST', token: second });
    expect(both.status).toBe(204);
    rig.clock.advance(4_001);
    const statusOf = async (token: string) => (await rig.send('me', { token })).status;
    expect([await statusOf(own), await statusOf(vouched), await statusOf(second)]).toEqual([
      200, 401, 401,
    ]);
  });

  it('is no member of other tenants, by what it is told and where it may go', async () => {
    const { own, vouched } = await linked();
    const tenantsOf = async (token: string) =>
      ((await rig.send('me/tenants', { token })).body.items as { slug: string }[]).map(
        ({ slug }) => slug,
      );
    expect([await tenantsOf(own), await tenantsOf(vouched)]).toEqual([['acme', 'other'], ['acme']]);
    const switched = (token: string, tenant: string) =>
      rig.send('authentication/switch-tenant', { method: 'POST', token, body: { tenant } });
    expect((await switched(vouched, 'other')).body.code).toBe('sign-in-refused');
    expect((await switched(own, 'other')).status).toBe(200);
  });

  it('goes wherever its person is a member when the platform’s provider vouches', async () => {
    const { name, own } = await linked();
    const at = { token: own, id: platformProvider, as: `${name}-everywhere` };
    expect((await people.atProvider('start', at)).status).toBe(200);
    const { body } = await people.signIn(at.as, { id: platformProvider, tenant: 'acme' });
    const token = body.accessToken as string;
    const request = { method: 'POST', token, body: { tenant: 'other' } } as const;
    expect((await rig.send('authentication/switch-tenant', request)).status).toBe(200);
    const renamed = { method: 'PUT', token, body: { displayName: 'Ada' } } as const;
    expect((await rig.send('me', renamed)).status).toBe(200);
  });

  it('is no PlatformAdmin there, although it counts in each tenant', async () => {
    const { own, vouched } = await linked({ platform: ['PlatformAdmin'] });
    const asked = (token: string) => rig.send('users', { token, headers: { 'x-tenant': 'other' } });
    expect((await asked(own)).status).toBe(200);
    expect((await asked(vouched)).body.code).toBe('tenant-mismatch');
    const rolesOf = async (token: string) =>
      (await rig.send('authentication/me', { token })).body.roles;
    expect(await rolesOf(own)).toEqual(['Admin', 'PlatformAdmin']);
    expect(await rolesOf(vouched)).toEqual(['Admin']);
  });
});

describe('a client secret', () => {
  it('is kept sealed and nowhere else, also of a request that is repeated', async () => {
    const secret = `canary-${newId()}`;
    const clientId = `client-${newId()}`;
    const body = { name: 'Secret', issuer: issuer.issuer, clientId, clientSecret: secret };
    const token = await people.admin();
    const create = (more: object = {}) =>
      rig.send('identity-providers', {
        method: 'POST',
        token,
        headers: { 'idempotency-key': clientId },
        body: { ...body, ...more },
      });
    const [made, repeated] = [await create(), await create()];
    expect([made.status, repeated.body.id]).toEqual([201, made.body.id]);
    expect((await create({ clientSecret: 'another' })).body.code).toBe('idempotency-key-reused');
    const rules = await people.change(made.body.id, { clientSecret: `${secret}-2` });
    expect(rules.status).toBe(200);
    expect(await rowsWith(clientId)).toContain('idempotency_keys');
    expect(await rowsWith(secret)).toEqual([]);
    // Nor what it could be guessed from by trying.
    const digests = await new KeyPeople(rig).sql('select body_digest from idempotency_keys');
    const plain = createHash('sha256')
      .update(canonicalJson(repeatable(body)))
      .digest('hex');
    expect(digests.map(({ body_digest: digest }) => digest)).not.toContain(plain);
  });
});

/** Tables with a row in which a text stands. */
async function rowsWith(text: string): Promise<string[]> {
  const sql = new KeyPeople(rig);
  const tables = await sql.sql(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables as { name: string }[]) {
    const query = `select 1 from "${name}" as one where one::text like '%' || $1 || '%' limit 1`;
    if ((await sql.sql(query, [text])).length > 0) found.push(name);
  }
  return found;
}

describe('what the rules of a provider have given', () => {
  it('says whose it is, and goes with the provider; what people gave stays', async () => {
    const night = await people.connect({
      name: 'Night',
      admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
      rules: [
        { when: null, role: 'Operator' },
        { when: null, group: await groupNamed('night') },
      ],
    });
    issuer.people.set('nora', { preferred_username: 'nora', groups: ['staff'] });
    const { body } = await people.signIn('nora', { id: night.id });
    await rig.db.system((tx) =>
      grantRole(tx, { tenantId: acme, userId: body.user.id, role: 'Viewer' }),
    );
    const given = () =>
      new KeyPeople(rig).sql(
        `select coalesce(built_in_role, 'group') as what, provider_id as of from role_bindings
         where subject_id = $1 union all select 'night', provider_id from group_members
         where user_id = $1 order by 1`,
        [body.user.id],
      );
    expect(await given()).toEqual([
      { what: 'Operator', of: night.id },
      { what: 'Viewer', of: null },
      { what: 'night', of: night.id },
    ]);
    const token = await people.admin();
    const removed = await rig.send(`identity-providers/${night.id}`, { method: 'DELETE', token });
    expect(removed.status).toBe(204);
    expect(await given()).toEqual([{ what: 'Viewer', of: null }]);
  });

  it('does not go while the tenant’s last Admin stands on it', async () => {
    await rig.tenant('lone');
    const founder = await rig.user('founder', { lone: ['Admin'] });
    const { id } = await people.connect(
      {
        name: 'Lone',
        admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
        rules: [{ when: null, role: 'Admin' }],
      },
      'founder',
    );
    issuer.people.set('chief', { groups: ['staff'] });
    const { accessToken: token } = (await people.signIn('chief', { id })).body;
    await new KeyPeople(rig).sql('delete from role_bindings where subject_id = $1', [founder]);
    const removed = await rig.send(`identity-providers/${id}`, { method: 'DELETE', token });
    // The issuer says when somebody has shown who they are; this one does so at once.
    expect([removed.status, removed.body.code]).toEqual([409, 'last-admin']);
  });

  it('ends the sessions of whoever it is taken from', async () => {
    issuer.people.set('otto', { preferred_username: 'otto', groups: ['staff'] });
    const first = (await people.signIn('otto', { id: acmeProvider })).body.accessToken;
    await rig.db.system((tx) =>
      tx.query(
        `insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
         select m.tenant_id, gen_random_uuid(), 'Operator', 'user', u.id from users u
           join memberships m on m.user_id = u.id where u.username = 'otto'`,
      ),
    );
    issuer.people.set('otto', { preferred_username: 'otto', groups: [] });
    const second = await people.signIn('otto', { id: acmeProvider });
    expect(second.body.user.roles).toEqual(['Operator']);
    rig.clock.advance(4_001);
    expect((await rig.send('me', { token: first })).status).toBe(401);
  });
});

describe('a sign-in at a provider', () => {
  it('comes from a network that the tenant allows, before anybody becomes a member', async () => {
    const walled = await rig.tenant('walled');
    await rig.user('warden', { walled: ['Admin'] });
    const { id } = await people.connect(
      {
        name: 'Walled',
        admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
        rules: [{ when: null, role: 'Viewer' }],
      },
      'warden',
    );
    issuer.people.set('wanda', { preferred_username: 'wanda', groups: ['staff'] });
    await rig.inTenant(walled, ({ tx }) =>
      tx.execute(
        `insert into tenant_security (tenant_id, allowed_networks) values ($1, '{127.0.0.0/8}')`,
        [walled],
      ),
    );
    rig.clock.advance(4_001);
    const outside = await people.signIn('wanda', { id, address: '203.0.113.9' });
    expect([outside.status, outside.body.code]).toEqual([403, 'network-not-allowed']);
    const made = await rig.db.system((tx) =>
      tx.query(`select 1 from users where username = 'wanda'`),
    );
    expect(made).toEqual([]);
    const inside = await people.signIn('wanda', { id });
    expect(inside.status).toBe(200);
    const facts = await factsOf(rig, inside.body.accessToken);
    expect(facts).toMatchObject({ method: 'oidc', providerId: id, network: '127.0.0.0/24' });
  });
});

describe('a page of the server', () => {
  it('gets a cookie for what came back from a provider, and no token', async () => {
    issuer.people.set('grace', { preferred_username: 'grace', groups: ['staff'] });
    const verifier = newVerifier();
    const landed = await new Browser(rig).open(startOf(verifier, acmeProvider), { as: 'grace' });
    const code = landed.url.searchParams.get('code');
    const { status, body, headers } = await people.completeInBrowser(code, verifier);
    expect([status, Object.keys(body)]).toEqual([200, ['user', 'expiresAt']]);
    const cookie = cookieFrom({ headers });
    expect(cookie).toMatch(/^__Host-tidegate=/);
    const page = ownPage(new URL(OWN_ORIGIN).host, 'https');
    const me = await rig.send('authentication/me', { headers: { ...page, cookie } });
    expect(me.body.username).toBe('grace');
    const told = await toldOf(rig, 'grace');
    expect(told).toEqual(expect.arrayContaining(['member-admitted', 'logged-in']));
  });
});
