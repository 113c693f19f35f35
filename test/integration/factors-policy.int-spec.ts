/** What a tenant demands: a second factor of some roles, and networks to come from (statements 11, 16). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import {
  type IdentityApp,
  identityApp,
  passwordOf,
  type Request,
} from '../support/identity-app.js';
import { codeAt, enrolTotp, resetClock, stepUp } from '../support/second-factors.js';

let rig: IdentityApp;
/** Another process on the same database. */
let twin: IdentityApp;
beforeAll(async () => {
  rig = await identityApp({ environment: { TIDEGATE_TRUSTED_PROXIES: '10.0.0.0/8' } });
  twin = await identityApp({ beside: rig, clock: rig.clock });
}, 60_000);
afterAll(async () => {
  await twin?.close();
  await rig?.close();
});
beforeEach(() => resetClock(rig));

const outcome = ({ status, body }: { status: number; body: { code?: string } | null }) =>
  [status, body?.code ?? 'ok'] as const;

/** A tenant of its own with people of these roles, who are signed in. */
async function tenantWith<Names extends string>(roles: Record<Names, Role[]>) {
  const slug = `t-${newId()}`;
  const id = await rig.tenant(slug);
  const people = {} as Record<Names, { username: string; token: string; refreshToken: string }>;
  for (const [name, held] of Object.entries(roles) as [Names, Role[]][]) {
    const username = `${name}-${newId()}`;
    await rig.user(username, { [slug]: held });
    const { accessToken: token, refreshToken } = (await rig.login(username)).body;
    people[name] = { username, token, refreshToken };
  }
  return { slug, id, ...people };
}

const rules = { mfaRequiredRoles: [] as Role[], allowedNetworks: [] as string[] };
const put = (token: string, version: number, body: object, more: Omit<Request, 'body'> = {}) =>
  rig.send('security-policy', {
    method: 'PUT',
    token,
    body: { ...rules, ...body },
    ...more,
    headers: { 'if-match': `"${version}"`, ...more.headers },
  });

describe('the security policy', () => {
  it('is that of the installation until somebody replaces it, and has versions', async () => {
    const { boss } = await tenantWith({ boss: ['Admin'] });
    const read = () => rig.send('security-policy', { token: boss.token });
    expect((await read()).body).toEqual({ ...rules, version: 0 });
    const first = await put(boss.token, 0, { mfaRequiredRoles: ['Viewer', 'Viewer'] });
    expect([first.status, first.headers.etag]).toEqual([200, '"1"']);
    expect(first.body).toEqual({ ...rules, mfaRequiredRoles: ['Viewer'], version: 1 });
    expect(outcome(await put(boss.token, 0, {}))).toEqual([412, 'version-mismatch']);
    expect((await put(boss.token, 1, {})).body.version).toBe(2);
    expect(outcome(await put(boss.token, 1, {}))).toEqual([412, 'version-mismatch']);
    const none = await rig.send('security-policy', {
      method: 'PUT',
      token: boss.token,
      body: rules,
    });
    expect(outcome(none)).toEqual([428, 'if-match-required']);
  });

  it('is for who may manage it, with a fresh proof', async () => {
    const { boss, viewer } = await tenantWith({ boss: ['Admin'], viewer: ['Viewer'] });
    expect((await put(viewer.token, 0, {})).status).toBe(403);
    expect((await rig.send('security-policy', { token: viewer.token })).status).toBe(403);
    rig.clock.advance(5 * 60_000);
    expect(outcome(await put(boss.token, 0, {}))).toEqual([403, 'step-up-required']);
  });

  it.each([
    [{ mfaRequiredRoles: ['Owner'] }],
    [{ allowedNetworks: ['0.0.0.0/0'] }],
    [{ allowedNetworks: ['::/0'] }],
    [{ allowedNetworks: ['10.0.0.0/33'] }],
    [{ allowedNetworks: ['everywhere'] }],
    [{ allowedNetworks: [''] }],
    [{ allowedNetworks: Array.from({ length: 65 }, (_, n) => `10.0.0.${n}`) }],
    [{ tenantId: newId() }],
    [{ force: 'yes' }],
  ])('refuses %j', async (body) => {
    const { boss } = await tenantWith({ boss: ['Admin'] });
    expect(outcome(await put(boss.token, 0, body))).toEqual([400, 'validation-failed']);
  });

  it('requires a second factor of Admin and PlatformAdmin in cluster mode by itself', async () => {
    const sealing = join(rig.ground.home, 'sealing.key');
    const cluster = await identityApp({
      beside: rig,
      clock: rig.clock,
      environment: {
        TIDEGATE_MODE: 'cluster',
        DATABASE_URL: 'postgres://of.no.concern/here',
        REDIS_URL: 'redis://of.no.concern',
        TIDEGATE_AGENT_KEY_FILE: sealing,
        TIDEGATE_AUDIT_KEY_FILE: sealing,
        TIDEGATE_SEALING_KEY_FILE: sealing,
      },
    });
    const { boss, viewer } = await tenantWith({ boss: ['Admin'], viewer: ['Viewer'] });
    const read = (token: string) => cluster.send('security-policy', { token });
    expect(outcome(await read(boss.token))).toEqual([403, 'mfa-enrollment-required']);
    expect(outcome(await read(viewer.token))).toEqual([403, 'permission-missing']);
    // The first admin is not locked out: enrolling opens the very same session.
    await enrolTotp(cluster, boss.token);
    expect((await read(boss.token)).body).toEqual({
      mfaRequiredRoles: ['Admin', 'PlatformAdmin'],
      allowedNetworks: [],
      version: 0,
    });
    await cluster.close();
  }, 30_000);
});

describe('who must have a second factor and has none (statement 16)', () => {
  async function demanding(of: Role[], role: Role) {
    const made = await tenantWith({ boss: ['Admin'], one: [role] });
    const { secret } = await enrolTotp(rig, made.boss.token);
    await put(made.boss.token, 0, { mfaRequiredRoles: of });
    rig.clock.advance(4_000);
    return { ...made, secret };
  }
  const read = (token: string, at = rig) => at.send('security-policy', { token });

  it('may only enrol, with the session that is open and with every new one', async () => {
    const { one } = await demanding(['Deployer'], 'Deployer');
    const refused = [403, 'mfa-enrollment-required'];
    expect(outcome(await read(one.token))).toEqual(refused);
    const again = (await rig.login(one.username)).body;
    expect(outcome(await read(again.accessToken))).toEqual(refused);
    // A refresh skips nothing.
    const body = { refreshToken: one.refreshToken };
    const renewed = await rig.send('authentication/refresh', { method: 'POST', body });
    expect(outcome(await read(renewed.body.accessToken))).toEqual(refused);
    expect((await rig.send('authentication/me', { token: one.token })).status).toBe(200);
    const mfa = await rig.send('me/mfa', { token: one.token });
    expect(mfa.body).toMatchObject({ isDemanded: true, factors: [] });
    await enrolTotp(rig, one.token);
    // The same session is a whole one, at every process at once.
    expect(outcome(await read(one.token, twin))).toEqual([403, 'permission-missing']);
    expect(outcome(await read(one.token))).toEqual([403, 'permission-missing']);
    const alone = await rig.login(one.username);
    expect(outcome(alone)).toEqual([401, 'factor-required']);
  });

  it('does not remove the last one, and may after the demand is gone', async () => {
    const { boss, secret } = await demanding(['Admin'], 'Viewer');
    const { body } = await rig.send('me/mfa', { token: boss.token });
    const remove = () =>
      rig.send(`me/mfa/totp/${body.factors[0].id}`, { method: 'DELETE', token: boss.token });
    expect(outcome(await remove())).toEqual([409, 'last-factor']);
    await stepUp(rig, boss.token, { totp: codeAt(rig, secret) });
    await put(boss.token, 1, {});
    expect((await remove()).status).toBe(204);
    // What was shown once does not count for ever.
    await put(boss.token, 2, { mfaRequiredRoles: ['Admin'] });
    expect(outcome(await read(boss.token))).toEqual([403, 'mfa-enrollment-required']);
  });

  it('cannot hide behind a role of the tenant’s own that may do as much', async () => {
    const { id, one } = await demanding(['Admin'], 'Viewer');
    expect(outcome(await read(one.token))).toEqual([403, 'permission-missing']);
    const roleId = newId();
    await rig.inTenant(id, async ({ tx }) => {
      await tx.execute(
        `insert into roles (tenant_id, id, name, name_key, permissions)
         values ($1, $2, 'keeper', 'keeper', '{security:manage}')`,
        [id, roleId],
      );
      await tx.execute(
        `insert into role_bindings (tenant_id, id, role_id, subject_kind, subject_id)
         select $1, gen_random_uuid(), $2, 'user', id from users where username = $3`,
        [id, roleId, one.username],
      );
    });
    rig.clock.advance(4_000);
    expect(outcome(await read(one.token))).toEqual([403, 'mfa-enrollment-required']);
  });

  it('is PlatformAdmin by the word of the reserved tenant, whatever another one says', async () => {
    const root = `root-${newId()}`;
    const { slug, boss } = await tenantWith({ boss: ['Admin'] });
    await rig.user(root, { [slug]: ['Viewer'], platform: ['PlatformAdmin'] });
    const { accessToken: token } = (await rig.login(root)).body;
    const atHome = (await rig.login(root, passwordOf(root), 'platform')).body.accessToken as string;
    const acting = { headers: { 'x-tenant': 'platform', 'x-act-as-reason': 'test' } };
    expect((await put(token, 0, { mfaRequiredRoles: ['PlatformAdmin'] }, acting)).status).toBe(200);
    await put(boss.token, 0, { mfaRequiredRoles: [] });
    rig.clock.advance(4_000);
    for (const each of [token, atHome]) {
      expect(outcome(await read(each))).toEqual([403, 'mfa-enrollment-required']);
    }
    expect(outcome(await read(boss.token))).toEqual([200, 'ok']);
    await enrolTotp(rig, token);
    expect((await put(token, 1, {}, acting)).status).toBe(200);
  });
});

describe('allowed networks', () => {
  const OFFICE = '203.0.113.7';
  const ELSEWHERE = '198.51.100.1';
  async function fenced(networks = ['203.0.113.0/24', '2001:db8::/32']) {
    const made = await tenantWith({ boss: ['Admin'], viewer: ['Viewer'] });
    const answer = await put(
      made.boss.token,
      0,
      { allowedNetworks: networks },
      { address: OFFICE },
    );
    expect(answer.status).toBe(200);
    rig.clock.advance(4_000);
    return made;
  }
  const me = (token: string, address: string, headers = {}) =>
    rig.send('authentication/me', { token, address, headers });
  const refused = [403, 'network-not-allowed'];

  it('hold at sign-in, after all else was right, and on every request', async () => {
    const { viewer } = await fenced();
    const login = (address: string, password = passwordOf(viewer.username)) =>
      rig.send('authentication/login', {
        method: 'POST',
        body: { username: viewer.username, password },
        address,
      });
    expect(outcome(await login(ELSEWHERE))).toEqual(refused);
    expect(outcome(await login(ELSEWHERE, 'wrong'))).toEqual([401, 'login-failed']);
    expect((await login(OFFICE)).status).toBe(200);
    expect(outcome(await me(viewer.token, ELSEWHERE))).toEqual(refused);
    expect((await me(viewer.token, OFFICE)).status).toBe(200);
    for (const inside of ['::ffff:203.0.113.9', '2001:db8:1::5']) {
      expect((await me(viewer.token, inside)).status).toBe(200);
    }
    for (const outside of ['203.0.114.1', '2001:db9::1', '::1']) {
      expect(outcome(await me(viewer.token, outside))).toEqual(refused);
    }
  });

  it('go by the address that a trusted proxy tells, and by nobody else’s word', async () => {
    const { viewer } = await fenced();
    const from = { 'x-forwarded-for': OFFICE };
    expect((await me(viewer.token, '10.1.2.3', from)).status).toBe(200);
    expect(outcome(await me(viewer.token, ELSEWHERE, from))).toEqual(refused);
  });

  it('leave a refresh token unused that comes from elsewhere', async () => {
    const { viewer } = await fenced();
    const refresh = (address: string) =>
      rig.send('authentication/refresh', {
        method: 'POST',
        body: { refreshToken: viewer.refreshToken },
        address,
      });
    expect(outcome(await refresh(ELSEWHERE))).toEqual(refused);
    rig.clock.advance(11_000);
    expect((await refresh(OFFICE)).status).toBe(200);
  });

  it('do not shut out who sets them, unless they mean it', async () => {
    const { boss } = await tenantWith({ boss: ['Admin'] });
    const change = { allowedNetworks: ['203.0.113.0/24'] };
    const at = { address: ELSEWHERE };
    expect(outcome(await put(boss.token, 0, change, at))).toEqual([409, 'policy-shuts-you-out']);
    expect((await put(boss.token, 0, { ...change, force: true }, at)).status).toBe(200);
    expect(outcome(await me(boss.token, ELSEWHERE))).toEqual(refused);
  });

  it('are lifted by a platform admin from outside', async () => {
    const { slug, boss } = await fenced();
    const root = `root-${newId()}`;
    const home = await tenantWith({});
    await rig.user(root, { [home.slug]: ['Viewer'], platform: ['PlatformAdmin'] });
    resetClock(rig);
    const { accessToken: token } = (await rig.login(root)).body;
    const headers = { 'x-tenant': slug, 'x-act-as-reason': 'locked out, ticket 4711' };
    const lifted = await put(token, 1, {}, { headers, address: ELSEWHERE });
    expect(outcome(lifted)).toEqual([200, 'ok']);
    rig.clock.advance(4_000);
    expect((await me(boss.token, ELSEWHERE)).status).toBe(200);
  });

  it('are of one tenant alone', async () => {
    await fenced();
    const { viewer } = await tenantWith({ viewer: ['Viewer'] });
    expect((await me(viewer.token, ELSEWHERE)).status).toBe(200);
  });
});
