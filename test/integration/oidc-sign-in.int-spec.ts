import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '../../src/platform/context.js';
import { passwordSignIn } from '../../src/tenancy/auth/refresh-token.js';
import { SignInAcceptance } from '../../src/tenancy/identity-providers/sign-in-acceptance.js';
import { TxtRecords } from '../../src/tenancy/identity-providers/txt-records.js';
import { grantRole } from '../../src/tenancy/users/users.store.js';
import { type Answer, type IdentityApp, identityApp } from '../support/identity-app.js';
import {
  Browser,
  challengeOf,
  isCallback,
  newVerifier,
  OWN_ORIGIN,
} from '../support/oidc-browser.js';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.js';
import { factsOf } from '../support/second-factors.js';
import { type OidcPeople, oidcPeople, startOf as startAt } from '../support/oidc-people.js';
import { toldOf } from '../support/told-of.js';

let rig: IdentityApp;
let issuer: OidcIssuer;
let people: OidcPeople;
let provider: Answer['body'];

beforeAll(async () => {
  issuer = await startOidcIssuer();
  rig = await identityApp({
    environment: { TIDEGATE_PUBLIC_URL: OWN_ORIGIN, TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  people = oidcPeople(rig, issuer);
  await rig.tenant('acme');
  await rig.user('boss', { acme: ['Admin'] });
  provider = await connect({
    name: 'Company',
    admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
    rules: [
      { when: { claim: 'groups', value: 'staff' }, role: 'Viewer' },
      { when: { claim: 'groups', value: 'deployers' }, role: 'Deployer' },
    ],
  });
  issuer.people.set('ada', { preferred_username: 'ada', groups: ['staff'] });
}, 60_000);

afterAll(async () => {
  await rig.close();
  await issuer.close();
});

async function tenantId(slug: string): Promise<string> {
  const [row] = await rig.db.system((tx) =>
    tx.query<{ id: string }>('select id from tenants where slug = $1', [slug]),
  );
  return row!.id;
}

const admin = (as?: string) => people.admin(as);
const connect = (body: object, as?: string) => people.connect(body, as);
const change = (id: string, changes: object) => people.change(id, changes);
const complete = (code: string | null, verifier: string) => people.complete(code, verifier);
const startOf = (verifier: string, id = provider.id as string, redirect?: string) =>
  startAt(verifier, id, redirect);
const signIn = (as: string, { id = provider.id as string } = {}) => people.signIn(as, { id });

describe('signing in at a provider', () => {
  it('gives tokens to whoever a rule admits, with the role that their claims say', async () => {
    const { status, body } = await signIn('ada');
    const { username, roles, tenant } = body.user ?? {};
    expect([status, username, roles, tenant]).toEqual([200, 'ada', ['Viewer'], 'acme']);
    const { accessToken: token } = body;
    expect((await rig.send('authentication/me', { token })).body.username).toBe('ada');
    expect((await signIn('ada')).body.user.id).toBe(body.user.id);
    expect(await toldOf(rig, 'ada')).toEqual(
      expect.arrayContaining(['member-admitted', 'logged-in']),
    );
  });

  it('refuses whoever no rule admits, and says to ask for an invitation', async () => {
    issuer.people.set('eve', { preferred_username: 'eve', groups: ['guests'] });
    const { status, body } = await signIn('eve');
    expect([status, body.code]).toEqual([403, 'invitation-needed']);
    expect(body.detail).toContain('Ask an Admin for an invitation');
  });

  it('changes what claims give at the next sign-in, and leaves what people gave', async () => {
    issuer.people.set('carl', { groups: ['staff', 'deployers'] });
    const first = await signIn('carl');
    expect(first.body.user.roles).toEqual(['Deployer', 'Viewer']);
    const acme = await tenantId('acme');
    await rig.db.system((tx) =>
      grantRole(tx, { tenantId: acme, userId: first.body.user.id, role: 'Operator' }),
    );
    issuer.people.set('carl', { groups: ['staff'] });
    const next = await signIn('carl');
    expect(next.body.user.roles).toEqual(['Operator', 'Viewer']);
  });

  it('puts people into groups for as long as their claims say so', async () => {
    const acme = await tenantId('acme');
    await rig.db.transaction(Context.system(acme, 'test'), async (open) => {
      await open.tx.query(
        `insert into groups (tenant_id, id, name, name_key) values ($1, gen_random_uuid(), 'Night', 'night')`,
        [acme],
      );
    });
    const night = await connect({
      name: 'Night',
      admissions: [{ by: 'claim', claim: 'groups', value: 'night' }],
      rules: [
        { when: null, role: 'Viewer' },
        { when: { claim: 'groups', value: 'night' }, group: 'night' },
      ],
    });
    const inGroups = () =>
      rig.db.system((tx) =>
        tx.query<{ name: string }>(
          `select g.name from group_members m join groups g on g.id = m.group_id
             join users u on u.id = m.user_id where u.username = 'nina' and m.source = 'claim'`,
        ),
      );
    issuer.people.set('nina', { preferred_username: 'nina', groups: ['night'] });
    expect((await signIn('nina', { id: night.id })).status).toBe(200);
    expect(await inGroups()).toEqual([{ name: 'Night' }]);
    issuer.people.set('nina', { preferred_username: 'nina', groups: [] });
    expect((await signIn('nina', { id: night.id })).status).toBe(200);
    expect(await inGroups()).toEqual([]);
  });

  const claimsOf = (emailVerified: string) => {
    const username = 'preferred_username';
    return { username, email: 'email', emailVerified, displayName: 'name' };
  };
  it.each([
    [
      'Keycloak',
      {
        admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
        rules: [{ when: { claim: 'realm_access.roles', value: 'on-call' }, role: 'Operator' }],
      },
      { groups: ['staff'], realm_access: { roles: ['offline_access', 'on-call'] } },
      ['Operator', false],
    ],
    [
      'Entra ID',
      {
        claims: claimsOf('xms_edov'),
        factor: { counts: 'always' },
        admissions: [{ by: 'claim', claim: 'roles', value: 'Deployers' }],
        rules: [{ when: { claim: 'roles', value: 'Deployers' }, role: 'Deployer' }],
      },
      { roles: ['Deployers'], email: 'x@entra.example', xms_edov: true },
      ['Deployer', true],
    ],
    [
      'Okta',
      {
        factor: { counts: 'when-said', amr: ['mfa'], acr: [] },
        admissions: [{ by: 'claim', claim: 'groups', value: 'Tidegate' }],
        rules: [{ when: { claim: 'groups', value: 'Tidegate' }, role: 'Viewer' }],
      },
      { groups: ['Everyone', 'Tidegate'], amr: ['mfa', 'otp', 'pwd'] },
      ['Viewer', true],
    ],
    [
      'Google',
      {
        admissions: [{ by: 'claim', claim: 'hd', value: 'example.com' }],
        rules: [{ when: null, role: 'Viewer' }],
      },
      { hd: 'example.com', email: 'x@example.com', email_verified: true },
      ['Viewer', false],
    ],
  ])('understands what %s says', async (product, settings, said, [role, hasFactor]) => {
    const { id } = await connect({ name: product, ...settings });
    issuer.people.set(`of-${product}`, said);
    const { body } = await signIn(`of-${product}`, { id });
    expect(body.user?.roles).toEqual([role]);
    expect(await factsOf(rig, body.accessToken)).toMatchObject({ hasFactor });
  });

  it('never takes the last Admin of a tenant away', async () => {
    await rig.tenant('lone');
    await rig.user('founder', { lone: ['Admin'] });
    const lone = await connect(
      {
        name: 'Lone',
        admissions: [{ by: 'claim', claim: 'groups', value: 'chiefs' }],
        rules: [{ when: { claim: 'groups', value: 'chiefs' }, role: 'Admin' }],
      },
      'founder',
    );
    issuer.people.set('chief', { groups: ['chiefs'] });
    const { body } = await signIn('chief', { id: lone.id });
    expect(body.user.roles).toEqual(['Admin']);
    await rig.db.system((tx) =>
      tx.query(
        `delete from memberships where user_id = (select id from users where username = 'founder')`,
      ),
    );
    issuer.people.set('chief', { groups: [] });
    const next = await signIn('chief', { id: lone.id });
    expect(next.body.user.roles).toEqual(['Admin']);
  });

  it('takes no username that somebody has, and no address that is not proved', async () => {
    const facts = { preferred_username: 'boss', email: 'boss@acme.example', email_verified: true };
    issuer.people.set('other-boss', { ...facts, groups: ['staff'] });
    const { body } = await signIn('other-boss');
    expect(body.user.username).toMatch(/^boss-[0-9a-f]{6}$/);
    expect(body.user.roles).toEqual(['Viewer']);
    const [row] = await rig.db.system((tx) =>
      tx.query<{ email: string | null }>('select email from users where id = $1', [body.user.id]),
    );
    expect(row!.email).toBeNull();
  });

  it('is of this browser, this provider and this verifier, and comes back once', async () => {
    const verifier = newVerifier();
    const browser = new Browser(rig);
    const back = await browser.open(startOf(verifier), { stop: isCallback });
    const refused = { status: 401, text: expect.stringContaining('sign-in-answer-refused') };
    // Another browser, which an attacker has led there; another state; another provider's address.
    expect(await new Browser(rig).open(back.url.href)).toMatchObject(refused);
    const other = new URL(back.url);
    other.searchParams.set('state', newVerifier());
    expect(await browser.open(other.href)).toMatchObject(refused);
    const elsewhere = back.url.href.replace(provider.id, '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f');
    expect(await browser.open(elsewhere)).toMatchObject(refused);
    const twin = browser.copy();
    const code = (await browser.open(back.url.href)).url.searchParams.get('code');
    // The same answer once more, by a browser that has kept the cookie.
    const again = await twin.open(back.url.href);
    expect(again.url.searchParams.get('error')).toBe('sign-in-answer-refused');
    expect((await complete(code, newVerifier())).body.code).toBe('sign-in-code-refused');
    expect((await complete(code, verifier)).body.code).toBe('sign-in-code-refused');
  });

  it('has a code that is good once, and for a minute', async () => {
    const begun = async () => {
      const verifier = newVerifier();
      const { url } = await new Browser(rig).open(startOf(verifier));
      return { verifier, code: url.searchParams.get('code') };
    };
    const first = await begun();
    const answers = await Promise.all([1, 2, 3].map(() => complete(first.code, first.verifier)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    const second = await begun();
    rig.clock.advance(60_001);
    expect((await complete(second.code, second.verifier)).status).toBe(401);
    rig.clock.advance(-60_001);
  });

  it('is over after ten minutes at the provider', async () => {
    const browser = new Browser(rig);
    const back = await browser.open(startOf(newVerifier()), { stop: isCallback });
    rig.clock.advance(600_001);
    expect((await browser.open(back.url.href)).text).toContain('sign-in-answer-refused');
    rig.clock.advance(-600_001);
  });

  it('sends codes to paths of its own and to this machine only', async () => {
    const good = ['/signed-in', '/a?b=c', 'http://127.0.0.1:49152/', 'http://[::1]:49152/x'];
    const bad = [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example/',
      '/a#b',
      'http://localhost:49152/',
      'http://127.0.0.1:49152@evil.example/',
      'http://127.0.0.1.evil.example:80/',
      'http://127.0.0.1/',
      'https://127.0.0.1:49152/',
      'javascript:alert(1)',
      '\t//evil.example',
    ];
    const statusOf = async (redirect: string) =>
      (await rig.send(startOf(newVerifier(), provider.id, redirect))).status;
    for (const redirect of good)
      expect([redirect, await statusOf(redirect)]).toEqual([redirect, 302]);
    for (const redirect of bad)
      expect([redirect, await statusOf(redirect)]).toEqual([redirect, 400]);
  });
});

describe('a domain', () => {
  const records = (values: readonly string[] | Error) => {
    rig.app.get(TxtRecords).of = async () => {
      if (values instanceof Error) throw values;
      return values;
    };
  };
  const call = async (
    path: string,
    method: 'POST' | 'DELETE' | 'GET',
    body?: object,
    as = 'boss',
  ) => rig.send(`identity-providers/${path}`, { method, token: await admin(as), body });

  it('admits by e-mail once its record is there, of one tenant, and asks again after a day', async () => {
    const id = (
      await connect({
        name: 'By domain',
        admissions: [{ by: 'domain' }],
        rules: [{ when: null, role: 'Viewer' }],
      })
    ).id as string;
    const claimed = await call(`${id}/domains`, 'POST', { domain: 'acme.example' });
    const { name, value } = claimed.body.record;
    expect(name).toBe('_tidegate.acme.example');
    const verify = () => call(`${id}/domains/${claimed.body.id}/verify`, 'POST');
    const joins = async (as: string, email: string, isVerified = true) => {
      issuer.people.set(as, { email, email_verified: isVerified });
      const { status, body } = await signIn(as, { id });
      return status === 200 ? body.user.roles : body.code;
    };
    records(['tidegate-domain=of-somebody-else']);
    expect((await verify()).body.code).toBe('domain-unproved');
    expect(await joins('d1', 'd1@acme.example')).toBe('invitation-needed');
    records(['v=spf1 -all', value]);
    expect((await verify()).body.verifiedAt).not.toBeNull();
    expect(await joins('d1', 'd1@acme.example')).toEqual(['Viewer']);
    expect(await joins('d2', 'd2@acme.example', false)).toBe('invitation-needed');
    expect(await joins('d3', 'd3@sub.acme.example')).toBe('invitation-needed');
    expect(await joins('d4', 'd4@acme.example.evil.example')).toBe('invitation-needed');
    const ofAddress = `select email from users where email_key = 'd1@acme.example'`;
    expect(await rig.db.system((tx) => tx.query(ofAddress))).toHaveLength(1);
    expect(await toldOf(rig, claimed.body.id)).toEqual(['domain-claimed', 'domain-verified']);
    const found = await rig.send('authentication/providers?email=x@ACME.example');
    expect(found.body.items).toEqual([{ id, name: 'By domain' }]);

    await rig.tenant('rival');
    await rig.user('rival-boss', { rival: ['Admin'] });
    const rival = await connect({ name: 'Rival' }, 'rival-boss');
    const theirs = await call(
      `${rival.id}/domains`,
      'POST',
      { domain: 'acme.example' },
      'rival-boss',
    );
    records([value, theirs.body.record.value]);
    const path = `${rival.id}/domains/${theirs.body.id}/verify`;
    expect((await call(path, 'POST', undefined, 'rival-boss')).body.code).toBe('domain-taken');

    rig.clock.advance(24 * 3_600_000 + 1);
    records(new Error('nobody answers'));
    expect(await joins('d5', 'd5@acme.example')).toEqual(['Viewer']);
    records([]);
    expect(await joins('d6', 'd6@acme.example')).toBe('invitation-needed');
    rig.clock.advance(-24 * 3_600_000 - 1);
    const again = await rig.send('authentication/providers?email=x@acme.example');
    expect(again.body.items).toEqual([]);
  });
});

describe('another tenant', () => {
  it('accepts what we have checked or the platform vouches for, not what a tenant does', async () => {
    const acceptance = rig.app.get(SignInAcceptance);
    const [acme, other] = [await tenantId('acme'), await tenantId('default')];
    const facts = (providerId: string | null, providerTenantId = acme) => {
      return { ...passwordSignIn(0), providerId, providerTenantId };
    };
    expect(await acceptance.isAccepted(other, facts(null))).toBe(true);
    expect(await acceptance.isAccepted(acme, facts(provider.id))).toBe(true);
    expect(await acceptance.isAccepted(other, facts(provider.id))).toBe(false);
    expect(await acceptance.isAccepted(acme, facts('019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f'))).toBe(
      false,
    );
  });
});

describe('an account that exists', () => {
  it('is not signed in to by its e-mail address', async () => {
    const acme = await tenantId('acme');
    const mary = await rig.user('mary', { acme: ['Viewer'] });
    await rig.db.system((tx) =>
      tx.query(
        `update users set email = 'mary@own.example', email_key = 'mary@own.example' where id = $1`,
        [mary],
      ),
    );
    const claimed = '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e50';
    await rig.db.transaction(Context.system(acme, 'test'), async (open) => {
      await open.tx.query(
        `insert into claimed_domains (tenant_id, id, provider_id, domain, token)
         values ($1, $2, $3, 'own.example', 'x')`,
        [acme, claimed, provider.id],
      );
      await open.tx.query(
        `insert into verified_domains (tenant_id, claim_id, domain, verified_at, checked_at)
         values ($1, $2, 'own.example', now(), now())`,
        [acme, claimed],
      );
    });
    const facts = { email: 'Mary@own.example', email_verified: true, groups: ['staff'] };
    issuer.people.set('not-mary', { preferred_username: 'nm', ...facts });
    const { status, body } = await signIn('not-mary');
    expect([status, body.code]).toEqual([403, 'account-unlinked']);
  });

  it('is linked while signed in, with a fresh proof, and unlinked again', async () => {
    await rig.user('linda', { acme: ['Viewer'] });
    const { accessToken: token, user } = (await rig.login('linda')).body;
    const verifier = newVerifier();
    const start = (token: string) =>
      rig.send(`me/identities/${provider.id}/start`, {
        method: 'POST',
        token,
        body: { redirect: '/signed-in', challenge: challengeOf(verifier) },
      });
    rig.clock.advance(5 * 60_000 + 1);
    expect((await start(token)).body.code).toBe('step-up-required');
    rig.clock.advance(-5 * 60_000 - 1);
    const { url } = (await start(token)).body;
    const landed = await new Browser(rig).open(url, { as: 'linda-there' });
    const code = landed.url.searchParams.get('code');
    const linked = (token: string, verifier: string) =>
      rig.send('me/identities/complete', { method: 'POST', token, body: { code, verifier } });
    // The code of a link opens no session.
    const answer = await linked(token, verifier);
    expect([answer.status, answer.body]).toEqual([200, { purpose: 'link' }]);
    const viaProvider = await signIn('linda-there');
    expect(viaProvider.body.user.id).toBe(user.id);
    const { items } = (await rig.send('me/identities', { token })).body;
    expect(items).toHaveLength(1);
    // A tenant's provider vouches for her in the tenant, not for her account.
    const vouched = viaProvider.body.accessToken;
    expect((await start(vouched)).body.code).toBe('own-sign-in-needed');
    const unlinked = await rig.send(`me/identities/${items[0].id}`, { method: 'DELETE', token });
    expect(unlinked.status).toBe(204);
    const both = ['identity-linked', 'identity-unlinked'];
    expect(await toldOf(rig, 'linda')).toEqual(expect.arrayContaining(both));
    expect(
      (
        await rig.send('authentication/refresh', {
          method: 'POST',
          body: { refreshToken: viaProvider.body.refreshToken },
        })
      ).status,
    ).toBe(401);
  });

  it('is not linked by another session than the one that has asked', async () => {
    await rig.user('lucy', { acme: ['Viewer'] });
    await rig.user('mallory', { acme: ['Viewer'] });
    const lucy = (await rig.login('lucy')).body.accessToken;
    const mallory = (await rig.login('mallory')).body.accessToken;
    const verifier = newVerifier();
    const { url } = (
      await rig.send(`me/identities/${provider.id}/start`, {
        method: 'POST',
        token: mallory,
        body: { redirect: '/signed-in', challenge: challengeOf(verifier) },
      })
    ).body;
    const landed = await new Browser(rig).open(url, { as: 'lucy-there' });
    const code = landed.url.searchParams.get('code');
    const body = { code, verifier };
    expect((await complete(code, verifier)).status).toBe(401);
    const taken = await rig.send('me/identities/complete', { method: 'POST', token: lucy, body });
    expect(taken.body.code).toBe('sign-in-code-refused');
  });
});

describe('a session that a provider vouches for', () => {
  it('is proved once more by signing in there anew, as the same person', async () => {
    issuer.people.set('paul', { groups: ['staff'] });
    const { body } = await signIn('paul');
    const token = body.accessToken;
    const prove = (as: string) => people.atProvider('prove', { token, id: provider.id, as });
    expect((await prove('ada')).body.details.reason).toBe('somebody-else');
    expect(await prove('paul')).toMatchObject({ status: 200, body: { purpose: 'prove' } });
    expect(await toldOf(rig, body.user.username)).toContain('proof-given');
  });

  it('ends within five seconds when the provider is disabled or deleted', async () => {
    const gone = await connect({
      name: 'Gone',
      admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
      rules: [{ when: null, role: 'Viewer' }],
    });
    const tokenOf = async () => (await signIn('ada', { id: gone.id })).body.accessToken as string;
    const statusOf = async (token: string) => {
      rig.clock.advance(4_001);
      return (await rig.send('authentication/me', { token })).status;
    };
    const first = await tokenOf();
    const other = (await signIn('ada')).body.accessToken as string;
    expect(await statusOf(first)).toBe(200);
    expect((await change(gone.id, { isEnabled: false })).status).toBe(200);
    expect(await statusOf(first)).toBe(401);
    expect(await statusOf(other)).toBe(200);
    expect((await rig.send(startOf(newVerifier(), gone.id))).status).toBe(404);
    await change(gone.id, { isEnabled: true });
    const second = await tokenOf();
    const token = await admin();
    expect(
      (await rig.send(`identity-providers/${gone.id}`, { method: 'DELETE', token })).status,
    ).toBe(204);
    expect(await statusOf(second)).toBe(401);
  });
});
