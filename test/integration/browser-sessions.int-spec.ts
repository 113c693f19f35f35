import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { Browser, cookieFrom, ownPage } from '../support/browser.js';
import { HubClient } from '../support/hub-client.js';
import {
  type IdentityApp,
  identityApp,
  passwordOf,
  type Request,
} from '../support/identity-app.js';
import { withClient } from '../support/database.js';
import { WholeApp } from '../support/whole-app.js';

const rowsOf = (connection: Parameters<typeof withClient>[0], sql: string) =>
  withClient(connection, async (client) => (await client.query<object>(sql)).rows);

let rig: IdentityApp;
let whole: WholeApp;
let made = 0;
/** Beside it; closed before it, also after a test that has failed. */
const others: IdentityApp[] = [];
const beside = async (environment: Record<string, string> = {}) => {
  const other = await identityApp({ beside: rig, environment });
  others.push(other);
  return other;
};

beforeAll(async () => {
  rig = await identityApp();
  await rig.tenant('acme');
  await rig.tenant('globex');
  whole = await WholeApp.start();
}, 60_000);
afterAll(async () => {
  for (const other of others) await other.close();
  await rig.close();
  await whole.close();
});

async function signedIn(roles: Parameters<IdentityApp['user']>[1] = { acme: ['Admin'] }) {
  const username = `person-${(made += 1)}`;
  const id = await rig.user(username, roles);
  const browser = new Browser(rig);
  const tenant = Object.keys(roles)[0]!;
  const answer = await browser.signIn(username, { tenant });
  expect(answer.status).toBe(200);
  return { id, username, browser, answer };
}

const rename: Request = { method: 'PUT', body: { displayName: 'Ada' } };

describe('a sign-in of a browser', () => {
  it('answers with a cookie that no script can read, and with no token', async () => {
    const { answer, browser } = await signedIn();
    const [pair, ...attributes] = String(answer.headers['set-cookie']).split('; ');
    expect(pair).toMatch(/^tidegate-3000=tgb_[0-9a-f]{32}_[0-9a-f]{64}$/);
    const week = `Max-Age=${7 * 24 * 3600}`;
    expect(attributes.sort()).toEqual(['HttpOnly', week, 'Path=/', 'SameSite=Strict']);
    expect(JSON.stringify(answer.body)).not.toMatch(/tg[a-z]_|eyJ|oken/);
    expect(Object.keys(answer.body)).toEqual(['user', 'expiresAt']);
    expect((await browser.send('authentication/me')).body.username).toBe(answer.body.user.username);
    expect((await browser.send('me', rename)).status).toBe(200);
  });

  it.each([
    ['a wrong password', 'wrong'],
    ['an unknown name', undefined],
  ])('is refused for %s as any other, with an entry and no cookie', async (_what, password) => {
    const username = `person-${(made += 1)}`;
    if (password) await rig.user(username, { acme: ['Viewer'] });
    const answer = await new Browser(rig).signIn(username, { password: password ?? 'any' });
    expect([answer.status, answer.body.code]).toEqual([401, 'login-failed']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('over https has the name that no sibling can plant, and counts under no other', async () => {
    const secure = await beside({ TIDEGATE_PUBLIC_URL: 'https://tidegate.example' });
    const { username } = await signedIn();
    const page = ownPage('tidegate.example', 'https');
    const browser = new Browser(secure, page);
    const answer = await browser.signIn(username);
    expect(answer.headers['set-cookie']).toMatch(/^__Host-tidegate=tgb_.*; Secure$/);
    expect((await browser.send('authentication/me')).status).toBe(200);
    const value = browser.cookie!.split('=')[1]!;
    for (const cookie of [`tidegate=${value}`, `tidegate-80=${value}`, `tidegate-443=${value}`]) {
      expect((await browser.send('authentication/me', { headers: { cookie } })).status).toBe(401);
    }
    const twice = { cookie: `${browser.cookie}; __Host-tidegate=tgb_other` };
    expect((await browser.send('authentication/me', { headers: twice })).status).toBe(401);
  });

  it('over plain http is for this machine alone, and says what is missing', async () => {
    const username = `person-${(made += 1)}`;
    await rig.user(username, { acme: ['Viewer'] });
    const answer = await new Browser(rig, ownPage('10.0.0.7:3000')).signIn(username);
    expect([answer.status, answer.body.code]).toEqual([403, 'https-needed']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('is open for as long as its tenant is, also after a switch, and leaves nothing behind', async () => {
    const { browser, username } = await signedIn({ acme: ['Viewer'], globex: ['Admin'] });
    const before = browser.cookie!;
    const switched = await browser.send('authentication/browser/switch-tenant', {
      method: 'POST',
      body: { tenant: 'globex' },
    });
    expect([switched.status, switched.body.user.tenant]).toEqual([200, 'globex']);
    expect((await browser.send('authentication/me')).body.tenant).toBe('globex');
    const old = { headers: { cookie: before } };
    expect((await browser.send('authentication/me', old)).status).toBe(401);
    const { items } = (await browser.send('me/sessions')).body;
    expect(items).toMatchObject([{ tenant: 'globex', isCurrent: true, method: 'password' }]);
    const told = await rowsOf(
      rig.ground.database.superuser,
      `select action from audit_entries where subject_id = '${username}' order by id`,
    );
    const actions = ['logged-in', 'tenant-switched', 'logged-out'];
    expect(told).toEqual(actions.map((action) => ({ action })));
  });
});

describe('a session by cookie', () => {
  it('is one of the person’s, shows its last use, and ends when it is ended', async () => {
    const { browser, username } = await signedIn();
    const other = new Browser(rig);
    await other.signIn(username);
    rig.clock.advance(6 * 60_000);
    await other.send('authentication/me');
    const { items } = (await browser.send('me/sessions')).body as {
      items: { id: string; isCurrent: boolean; lastUsedAt: string | null }[];
    };
    expect(items).toHaveLength(2);
    const theirs = items.find(({ isCurrent }) => !isCurrent)!;
    expect(Date.parse(theirs.lastUsedAt!)).toBe(rig.clock.now());
    await browser.send(`me/sessions/${theirs.id}`, { method: 'DELETE' });
    expect((await other.send('authentication/me')).status).toBe(401);
    expect((await browser.send('authentication/me')).status).toBe(200);
  });

  it('ends with its sign-out, and the cookie with it', async () => {
    const { browser } = await signedIn();
    const cookie = browser.cookie!;
    const out = await browser.send('authentication/browser/logout', { method: 'POST' });
    expect([out.status, out.headers['set-cookie']]).toEqual([
      204,
      expect.stringMatching(/^tidegate-3000=; Path=\/; Max-Age=0;/),
    ]);
    const again = { headers: { cookie } };
    expect((await browser.send('authentication/me', again)).status).toBe(401);
  });

  it('ends after a week, however often it was used', async () => {
    const { browser } = await signedIn();
    for (let day = 0; day < 6; day += 1) {
      rig.clock.advance(24 * 3_600_000);
      expect((await browser.send('authentication/me')).status).toBe(200);
    }
    rig.clock.advance(24 * 3_600_000 + 5_000);
    expect((await browser.send('authentication/me')).status).toBe(401);
  });

  it('is known to another process, and what it was shown is nowhere in the database', async () => {
    const { browser } = await signedIn();
    const second = await beside();
    const there = await new Browser(second).send('authentication/me', {
      headers: { cookie: browser.cookie! },
    });
    expect(there.status).toBe(200);
    const secret = browser.cookie!.slice(-64);
    const rows = await rowsOf(rig.ground.database.superuser, 'select * from credentials');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('shows a fresh proof by a step-up, as one by token does', async () => {
    const { browser, username } = await signedIn();
    rig.clock.advance(6 * 60_000);
    const put = { method: 'POST' as const, body: { name: 'phone' } };
    const before = await browser.send('me/mfa/totp', put);
    expect(before.body.code).toBe('step-up-required');
    const body = { password: `the password of ${username}` };
    const stepped = await browser.send('authentication/step-up', { method: 'POST', body });
    expect(stepped.status).toBe(200);
    expect((await browser.send('me/mfa/totp', put)).status).toBe(201);
  });

  it('cannot be turned into tokens, and a refresh token is no cookie', async () => {
    const { browser, username } = await signedIn();
    const value = browser.cookie!.split('=')[1]!;
    const refresh = (refreshToken: string) =>
      rig.send('authentication/refresh', { method: 'POST', body: { refreshToken } });
    for (const text of [value, value.replace('tgb_', 'tgr_')]) {
      expect((await refresh(text)).body.code).toBe('refresh-refused');
    }
    expect((await rig.send('authentication/me', { token: value })).status).toBe(401);
    expect((await browser.send('authentication/me')).status).toBe(200);
    const { refreshToken } = (await rig.login(username)).body as { refreshToken: string };
    for (const text of [refreshToken, refreshToken.replace('tgr_', 'tgb_')]) {
      const headers = { cookie: `tidegate-3000=${text}` };
      expect((await browser.send('authentication/me', { headers })).status).toBe(401);
    }
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it.each([
    ['garbage', 'x'],
    ['a handle of ours with another secret', undefined],
  ])('is not %s', async (_what, text) => {
    const { browser } = await signedIn();
    const value = text ?? `${browser.cookie!.split('=')[1]!.slice(0, -64)}${'0'.repeat(64)}`;
    const headers = { cookie: `tidegate-3000=${value}` };
    expect((await browser.send('authentication/me', { headers })).status).toBe(401);
  });
});

describe('a cookie that comes along', () => {
  const own = ownPage();
  const without = (name: string) =>
    Object.fromEntries(Object.entries(own).filter(([key]) => key !== name));

  it.each<[string, Record<string, string>]>([
    ['of a foreign site', { ...own, 'sec-fetch-site': 'cross-site' }],
    ['of a sibling of this host', { ...own, 'sec-fetch-site': 'same-site' }],
    ['typed into the address bar', { ...own, 'sec-fetch-site': 'none' }],
    ['from another origin', { ...own, origin: 'https://evil.example' }],
    ['from another port', { ...own, origin: 'http://localhost:8080' }],
    ['from a sandboxed frame', { ...own, origin: 'null' }],
    ['that says no origin', without('origin')],
    ['without the header that no form can set', without('x-tidegate-page')],
    ['with the header set to something else', { ...own, 'x-tidegate-page': '0' }],
  ])('with a change %s is refused before its body is read', async (_what, headers) => {
    const { browser } = await signedIn();
    const from = new Browser(rig, headers);
    from.cookie = browser.cookie;
    for (const body of [{ displayName: 'Mallory' }, { nonsense: true }]) {
      const answer = await from.send('me', { method: 'PUT', body });
      expect([answer.status, answer.body.code]).toEqual([403, 'foreign-page']);
    }
    expect((await browser.send('me')).body.displayName).toBeNull();
  });

  it.each<[string, Record<string, string>]>([
    ['of a foreign site', { ...own, 'sec-fetch-site': 'cross-site' }],
    ['of a sibling', { ...own, 'sec-fetch-site': 'same-site' }],
    ['from another origin', { host: own.host, origin: 'https://evil.example' }],
  ])('with a question %s is refused, too', async (_what, headers) => {
    const { browser } = await signedIn();
    const from = new Browser(rig, headers);
    from.cookie = browser.cookie;
    expect((await from.send('me')).body.code).toBe('foreign-page');
  });

  it('with a question typed into the address bar is answered', async () => {
    const { browser } = await signedIn();
    const from = new Browser(rig, { host: own.host, 'sec-fetch-site': 'none' });
    from.cookie = browser.cookie;
    expect((await from.send('me')).status).toBe(200);
  });

  it('signs nobody in who did not ask for it', async () => {
    const username = `person-${(made += 1)}`;
    await rig.user(username, { acme: ['Viewer'] });
    for (const name of ['origin', 'x-tidegate-page']) {
      const answer = await new Browser(rig, without(name)).signIn(username);
      expect([answer.status, answer.body.code]).toEqual([403, 'foreign-page']);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('does not count beside a token', async () => {
    const { browser, username } = await signedIn();
    const other = `person-${(made += 1)}`;
    await rig.user(other, { acme: ['Viewer'] });
    const token = (await rig.login(other)).body.accessToken as string;
    const headers = { cookie: browser.cookie! };
    const answer = await rig.send('authentication/me', { token, headers });
    expect(answer.body.username).toBe(other);
    const bad = await rig.send('authentication/me', { token: 'x.y.z', headers });
    expect([bad.status, username.length > 0]).toEqual([401, true]);
  });

  it('is not sent with leave by pages of other origins', async () => {
    const allowed = await beside({ TIDEGATE_CORS_ORIGINS: 'https://pages.example' });
    const answer = await allowed.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/me',
      headers: {
        origin: 'https://pages.example',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-tidegate-page',
      },
    });
    expect(answer.headers['access-control-allow-origin']).toBe('https://pages.example');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers['access-control-allow-headers']).not.toMatch(/tidegate-page/);
  });
});

describe('a socket by cookie', () => {
  async function member() {
    const person = await whole.member(await whole.tenant(`t-${newId()}`), 'Viewer');
    const origin = whole.url;
    const answer = await fetch(`${whole.url}/api/v1/authentication/browser/login`, {
      method: 'POST',
      headers: { origin, 'x-tidegate-page': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ username: person.username, password: passwordOf(person.username) }),
    });
    const { headers, status } = answer;
    expect(status).toBe(200);
    return { ...person, cookie: cookieFrom({ headers: Object.fromEntries(headers) }) };
  }
  const hub = (extraHeaders: Record<string, string>) =>
    new HubClient(whole.socket(undefined, { extraHeaders }));
  const refusal = (client: HubClient) =>
    client.connect().then(
      () => undefined,
      (error: Error & { data?: { code: string } }) => error.data?.code ?? error.message,
    );

  it('of a page of this server is let in, and may what the person may', async () => {
    const { cookie } = await member();
    const client = await hub({ cookie, origin: whole.url }).connect();
    expect(await client.ask('SubscribeToAllDeployments')).toEqual([]);
  });

  it('of nobody’s page, or of another’s, is not', async () => {
    const { cookie } = await member();
    expect(await refusal(hub({ cookie }))).toBe('foreign-page');
    expect(await refusal(hub({ cookie, origin: 'https://evil.example' }))).toBe('websocket error');
    const site = { cookie, origin: whole.url, 'sec-fetch-site': 'same-site' };
    expect(await refusal(hub(site))).toBe('foreign-page');
    const forged = { cookie: cookie.replace(/.{4}$/, '0000'), origin: whole.url };
    expect(await refusal(hub(forged))).toBe('unauthenticated');
  });

  it('is cut within 5 s of the end of its session, or 10 on a busy machine', async () => {
    const { cookie, userId } = await member();
    const client = await hub({ cookie, origin: whole.url }).connect();
    const gone = client.disconnected();
    const began = performance.now();
    await rowsOf(
      whole.database.superuser,
      `update credentials set revoked_at = now() where subject_id = '${userId}'`,
    );
    expect(await gone).toBe('io server disconnect');
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await refusal(client)).toBe('unauthenticated');
  }, 20_000);
});
