/** What a tenant demands of sign-ins at providers: a second factor, a fresh proof, and to be where they happen. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NewPasswords } from '../../src/tenancy/passwords/new-passwords.js';
import { recoverAdmin } from '../../src/tenancy/users/recovery.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { OWN_ORIGIN } from '../support/oidc-browser.js';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.js';
import { type OidcPeople, oidcPeople } from '../support/oidc-people.js';
import { codeAt, enrolTotp, stepUp } from '../support/second-factors.js';

let rig: IdentityApp;
let issuer: OidcIssuer;
let people: OidcPeople;

beforeAll(async () => {
  issuer = await startOidcIssuer();
  rig = await identityApp({
    environment: { TIDEGATE_PUBLIC_URL: OWN_ORIGIN, TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  people = oidcPeople(rig, issuer);
  await rig.user('operator', { platform: ['PlatformAdmin'] });
}, 60_000);

afterAll(async () => {
  await rig.close();
  await issuer.close();
});

let count = 0;

/** A tenant with its Admin and a provider, of which everybody there is a Viewer. */
async function tenant(rules: object = {}) {
  count += 1;
  const slug = `t-${count}`;
  const id = await rig.tenant(slug);
  const boss = `boss-${count}`;
  await rig.user(boss, { [slug]: ['Admin'] });
  const provider = await people.connect(
    {
      name: `Company ${count}`,
      admissions: [{ by: 'claim', claim: 'groups', value: 'staff' }],
      rules: [{ when: null, role: 'Viewer' }],
      ...rules,
    },
    boss,
  );
  const at = provider.id as string;
  const someone = async (more: object = {}) => {
    count += 1;
    const name = `person-${count}`;
    issuer.people.set(name, { preferred_username: name, groups: ['staff'], ...more });
    return name;
  };
  const tokenOf = async (name: string) =>
    (await people.signIn(name, { id: at })).body.accessToken as string;
  return { slug, id, boss, provider: at, someone, tokenOf };
}

const codeOf = async (path: string, token: string) => {
  const { status, body } = await rig.send(path, { token });
  return status < 300 ? 'open' : (body.code as string);
};

/** Rules of four seconds are remembered no longer. */
const later = () => rig.clock.advance(4_001);

describe('a second factor that a tenant demands', () => {
  const demandOf = async (tenantId: string, role: string) => {
    await rig.inTenant(tenantId, ({ tx }) =>
      tx.execute(
        `insert into tenant_security (tenant_id, mfa_required_roles) values ($1, array[$2])`,
        [tenantId, role],
      ),
    );
    later();
  };

  it('is what the provider says of a sign-in, if its settings believe it', async () => {
    const factors = [
      [{ counts: 'never' }, { amr: ['mfa'] }, 'provider-factor-needed'],
      [{ counts: 'always' }, {}, 'open'],
      [{ counts: 'when-said', amr: ['mfa'] }, { amr: ['pwd'] }, 'step-up-required'],
      [{ counts: 'when-said', amr: ['mfa'] }, { amr: ['pwd', 'mfa'] }, 'open'],
    ] as const;
    for (const [factor, said, expected] of factors) {
      const { id, someone, tokenOf } = await tenant({ factor });
      await demandOf(id, 'Viewer');
      const token = await tokenOf(await someone(said));
      const found = await codeOf('me/can?permission=users:read', token);
      expect([factor, said, found]).toEqual([factor, said, expected]);
    }
  });

  it('can be shown at the provider afterwards, which the refusal names', async () => {
    const factor = { counts: 'when-said', amr: ['mfa'] };
    const { id, provider, someone, tokenOf } = await tenant({ factor });
    await demandOf(id, 'Viewer');
    const name = await someone({ amr: ['pwd'] });
    const token = await tokenOf(name);
    const { body } = await rig.send('role-bindings', { token });
    expect(body.code).toBe('step-up-required');
    expect(body.details).toEqual({ methods: [], identityProvider: provider });
    expect(body.detail).toContain(`POST /api/v1/me/identities/${provider}/prove`);
    issuer.people.set(name, { ...issuer.people.get(name), amr: ['mfa'] });
    const proved = await people.atProvider('prove', { token, id: provider, as: name });
    expect(proved.body).toEqual({ purpose: 'prove' });
    expect(await codeOf('me/can?permission=users:read', token)).toBe('open');
  });

  it('may be one’s own, but no password is tried in a session of the provider', async () => {
    const { id, boss, provider } = await tenant();
    const own = (await rig.login(boss)).body.accessToken as string;
    const at = { token: own, id: provider, as: `${boss}-there` };
    expect((await people.atProvider('start', at)).status).toBe(200);
    const { secret } = await enrolTotp(rig, own);
    issuer.people.set(at.as, {});
    const vouched = (await people.signIn(at.as, { id: provider })).body.accessToken as string;
    await demandOf(id, 'Admin');
    const refused = await rig.send('users', { token: vouched });
    expect(refused.body.details).toEqual({ methods: ['totp'] });
    const byPassword = await stepUp(rig, vouched, { password: `the password of ${boss}` });
    expect(byPassword.body.code).toBe('step-up-unsuitable');
    expect((await stepUp(rig, vouched, { totp: codeAt(rig, secret, 1) })).status).toBe(200);
    expect(await codeOf('users', vouched)).toBe('open');
  });

  it('is asked for anew when what counts changes: sessions of the provider end', async () => {
    const { boss, provider, someone, tokenOf } = await tenant({ factor: { counts: 'always' } });
    const token = await tokenOf(await someone());
    expect((await people.change(provider, { name: 'Renamed' }, boss)).status).toBe(200);
    later();
    expect(await codeOf('authentication/me', token)).toBe('open');
    expect((await people.change(provider, { factor: { counts: 'never' } }, boss)).status).toBe(200);
    later();
    expect(await codeOf('authentication/me', token)).toBe('unauthenticated');
  });
});

describe('a fresh proof', () => {
  it('is asked for with the provider’s way, and given there', async () => {
    const { provider, someone, tokenOf } = await tenant({ rules: [{ when: null, role: 'Admin' }] });
    const name = await someone();
    const token = await tokenOf(name);
    rig.clock.advance(5 * 60_000 + 1);
    const create = () =>
      rig.send('roles', { method: 'POST', token, body: { name: 'Own', permissions: [] } });
    const { body } = await create();
    expect(body).toMatchObject({
      code: 'step-up-required',
      details: { methods: [], identityProvider: provider },
    });
    // The provider's clock is the machine's: what tests before this one have put ahead goes, too.
    rig.clock.advance(Date.now() - rig.clock.now());
    const proved = await people.atProvider('prove', { token, id: provider, as: name });
    expect(proved.status).toBe(200);
    expect((await create()).body.code).not.toBe('step-up-required');
  });
});

describe('a provider that a tenant requires', () => {
  const required = async () => {
    const made = await tenant();
    const emergency = { usernames: [made.boss], roles: ['Operator'] };
    const changed = await people.change(made.provider, { isRequired: true, emergency }, made.boss);
    expect([changed.status, changed.body.code]).toEqual([200, undefined]);
    return made;
  };

  it('is demanded of everybody within five seconds, but for whom it names', async () => {
    const made = await tenant();
    const { slug, boss, provider, someone, tokenOf } = made;
    await rig.user(`mary-${slug}`, { [slug]: ['Deployer'] });
    await rig.user(`oscar-${slug}`, { [slug]: ['Operator'] });
    const open = async (name: string) => (await rig.login(name)).body.accessToken as string;
    const [mary, oscar, own] = [
      await open(`mary-${slug}`),
      await open(`oscar-${slug}`),
      await open(boss),
    ];
    expect(await codeOf('environments', mary)).not.toBe('provider-sign-in-needed');
    const emergency = { usernames: [boss], roles: ['Operator'] };
    await people.change(provider, { isRequired: true, emergency }, boss);
    later();
    expect(await codeOf('users', mary)).toBe('provider-sign-in-needed');
    expect(await codeOf('me/can?permission=users:read', mary)).toBe('provider-sign-in-needed');
    expect(await codeOf('me/can?permission=users:read', oscar)).toBe('open');
    expect(await codeOf('me/can?permission=users:read', own)).toBe('open');
    const vouched = await tokenOf(await someone());
    expect(await codeOf('me/can?permission=users:read', vouched)).toBe('open');
    // Lifted again.
    await people.change(provider, { isRequired: false }, boss);
    later();
    expect(await codeOf('me/can?permission=users:read', mary)).toBe('open');
  });

  it('leaves the account open, so that it can be linked', async () => {
    const { slug, provider } = await required();
    const name = `nell-${slug}`;
    await rig.user(name, { [slug]: ['Deployer'] });
    later();
    const token = (await rig.login(name)).body.accessToken as string;
    const refused = await rig.send('users', { token });
    expect(refused.body.code).toBe('provider-sign-in-needed');
    expect(refused.body.details.providers).toEqual([
      { id: provider, name: expect.stringContaining('Company') },
    ]);
    const at = { token, id: provider, as: `${name}-there` };
    issuer.people.set(at.as, {});
    expect((await people.atProvider('start', at)).status).toBe(200);
    const vouched = (await people.signIn(at.as, { id: provider })).body;
    expect(vouched.user.username).toBe(name);
    expect(await codeOf('me/can?permission=users:read', vouched.accessToken)).toBe('open');
  });

  it('is demanded of whoever comes over from another tenant, too', async () => {
    const { slug } = await required();
    const name = `olga-${slug}`;
    await rig.tenant(`${slug}-home`);
    await rig.user(name, { [slug]: ['Viewer'], [`${slug}-home`]: ['Viewer'] });
    later();
    const { accessToken: token } = (await rig.login(name, undefined, `${slug}-home`)).body;
    const body = { tenant: slug };
    const switched = await rig.send('authentication/switch-tenant', {
      method: 'POST',
      token,
      body,
    });
    expect([switched.status, switched.body.code]).toEqual([403, 'provider-sign-in-needed']);
  });

  it('cannot lock a tenant up: somebody who can lift it has a way of their own', async () => {
    const { slug, boss, provider } = await tenant();
    await rig.user(`viewer-${slug}`, { [slug]: ['Viewer'] });
    await rig.user(`stranger-${slug}`, {});
    const demanded = (usernames: string[], roles: string[] = []) =>
      people.change(provider, { isRequired: true, emergency: { usernames, roles } }, boss);
    for (const usernames of [[], [`viewer-${slug}`], [`stranger-${slug}`], ['nobody-at-all']]) {
      const { status, body } = await demanded(usernames, ['Admin']);
      expect([usernames, status, body.code]).toEqual([usernames, 422, 'emergency-account-needed']);
    }
    expect((await demanded([boss.toUpperCase()])).status).toBe(200);
  });

  it('does not keep out whom the server itself has made Admin', async () => {
    const { slug, provider } = await required();
    const parts = { db: rig.db, passwords: rig.app.get(NewPasswords), clock: rig.clock };
    const username = `rescuer-${slug}`;
    const password = 'good enough for one day';
    const request = { username, tenant: slug, password, isResettingFactors: false };
    for (const _ of [1, 2]) await recoverAdmin(parts, request);
    later();
    const token = (await rig.login(username, password)).body.accessToken as string;
    expect(await codeOf('users', token)).toBe('open');
    const { body } = await rig.send(`identity-providers/${provider}`, { token });
    expect(body.emergency.usernames.filter((one: string) => one === username)).toHaveLength(1);
  });

  it('binds platform admins everywhere when it is the platform’s', async () => {
    const { slug } = await tenant();
    const name = `root-${slug}`;
    await rig.user(name, { [slug]: ['Admin'], platform: ['PlatformAdmin'] });
    await rig.user(`plain-${slug}`, { [slug]: ['Admin'] });
    const open = async (username: string) =>
      (await rig.login(username, undefined, slug)).body.accessToken as string;
    const [root, plain] = [await open(name), await open(`plain-${slug}`)];
    const emergency = { usernames: ['operator'], roles: [] };
    const platform = { name: `Platform ${slug}`, isRequired: true, emergency };
    const { id } = await people.connect(platform, 'operator');
    later();
    expect(await codeOf('users', root)).toBe('provider-sign-in-needed');
    expect(await codeOf('users', plain)).toBe('open');
    const token = await people.admin('operator');
    const gone = await rig.send(`identity-providers/${id}`, { method: 'DELETE', token });
    expect(gone.status).toBe(204);
    later();
    expect(await codeOf('users', root)).toBe('open');
  });
});
