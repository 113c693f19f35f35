/** What people do with their own accounts: passwords, sessions, tenants. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import { ResetRequests } from '../../src/tenancy/passwords/reset-requests.js';
import { type CaughtMail, catchMail } from '../support/caught-mail.js';
import { type Answer, type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';

const PASSWORD = 'five boats on a green lake';
const MINUTE_MS = 60_000;

let rig: IdentityApp;
let acmeId: string;
let mail: CaughtMail;
beforeAll(async () => {
  rig = await identityApp();
  acmeId = await rig.tenant('acme');
  await rig.tenant('globex');
  mail = catchMail(rig);
}, 60_000);
afterAll(() => rig.close());
// Tokens are checked by the machine's clock, too: they must not be of a day to come.
afterEach(() => rig.clock.advance(Date.now() - rig.clock.now()));

interface Someone {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly token: string;
  readonly refreshToken: string;
}

let made = 0;
async function someone(roles: Record<string, Role[]> = { acme: ['Viewer'] }): Promise<Someone> {
  const username = `p${(made += 1)}`;
  const email = `${username}@acme.example`;
  const id = await rig.user(username, roles);
  await rig.db.system((tx) =>
    tx.execute('update users set email = $2, email_key = $2 where id = $1', [id, email]),
  );
  const { body } = await rig.login(username, undefined, Object.keys(roles)[0]);
  return { id, username, email, token: body.accessToken, refreshToken: body.refreshToken };
}

const post = (path: string, body: object, token?: string, address?: string) =>
  rig.send(path, {
    method: 'POST',
    body,
    ...(token ? { token } : {}),
    ...(address ? { address } : {}),
  });
const coded = ({ status, body }: Answer) => [status, body?.code ?? null];
const me = (token: string) => rig.send('authentication/me', { token });
const refresh = (refreshToken: string) => post('authentication/refresh', { refreshToken });
/** After what must have cut it. */
async function isIn(token: string): Promise<boolean> {
  rig.clock.advance(4_999);
  return (await me(token)).status === 200;
}
async function askForReset(email: string, address?: string): Promise<Answer> {
  const answer = await post('authentication/password-reset', { email }, undefined, address);
  // The mail goes out after the answer.
  await rig.app.get(ResetRequests).onApplicationShutdown();
  return answer;
}
const confirmReset = (token: string, newPassword = PASSWORD, address?: string) =>
  post('authentication/password-reset/confirm', { token, newPassword }, undefined, address);
const actionsOf = async (username: string) => {
  const rows = await rig.db.transaction(Context.system(acmeId, 'test'), (open) =>
    open.tx.query<{ action: string }>(
      'select action from audit_entries where tenant_id = $1 and subject_id = $2 order by id',
      [acmeId, username],
    ),
  );
  return rows.map(({ action }) => action);
};

describe('a sign-in', () => {
  it('is by username or by e-mail address, in any case', async () => {
    const person = await someone();
    for (const name of [person.username, person.email, person.email.toUpperCase()]) {
      const { status, body } = await rig.login(name, passwordOf(person.username));
      expect([status, body.user.id]).toEqual([200, person.id]);
    }
    expect((await rig.login(person.email, PASSWORD)).status).toBe(401);
  });
});

describe('a password', () => {
  const change = (who: Someone, currentPassword: string, newPassword: string) =>
    post('me/password', { currentPassword, newPassword }, who.token);

  it.each([
    ['too-short', 'elevenchars'],
    ['common', 'QWERTYqwerty'],
    ['common', 'password1234'],
    ['repeated', 'abcabcabcabcabc'],
    ['own-name', 'tidegatetidegate'],
    ['own-name', 'TIDEGATE-2026!'],
  ])('12: is refused as %s: %s', async (reason, password) => {
    const person = await someone();
    const answer = await change(person, passwordOf(person.username), password);
    expect([...coded(answer), answer.body.details.reason]).toEqual([
      422,
      'password-refused',
      reason,
    ]);
  });

  it('12: is not one’s own name or address', async () => {
    const person = await someone();
    for (const password of [person.email, `${person.email}2026!`]) {
      const answer = await change(person, passwordOf(person.username), password);
      expect(answer.body.details?.reason).toBe('own-name');
    }
  });

  it('11: that is changed ends all other sessions of the person in all tenants', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    const here = (await rig.login(person.username, undefined, 'acme')).body;
    const there = (await rig.login(person.username, undefined, 'globex')).body;
    const wrong = await change(person, 'not the password', PASSWORD);
    expect(coded(wrong)).toEqual([403, 'password-wrong']);
    expect((await change(person, passwordOf(person.username), PASSWORD)).status).toBe(204);
    expect(await isIn(here.accessToken)).toBe(false);
    expect(await isIn(there.accessToken)).toBe(false);
    expect((await refresh(there.refreshToken)).status).toBe(401);
    expect((await me(person.token)).status).toBe(200);
    expect((await rig.login(person.username, undefined, 'acme')).status).toBe(401);
    expect((await rig.login(person.username, PASSWORD, 'acme')).status).toBe(200);
    expect(await actionsOf(person.username)).toContain('password-changed');
    expect(mail.letters).toContainEqual(
      expect.objectContaining({ kind: 'sendAccountChanged', to: person.email }),
    );
  });

  it('is not changed by a session that has ended', async () => {
    const person = await someone();
    const other = (await rig.login(person.username)).body.accessToken as string;
    expect((await me(other)).status).toBe(200);
    expect((await post('me/sessions/end-all', {}, person.token)).status).toBe(204);
    // This process still remembers the other session for some seconds.
    const late = await change({ ...person, token: other }, passwordOf(person.username), PASSWORD);
    expect(coded(late)).toEqual([401, 'unauthenticated']);
  });

  it('15: is guessed no faster here than at the sign-in', async () => {
    const person = await someone();
    const codes: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      codes.push((await change(person, 'not the password', PASSWORD)).body.code);
    }
    expect(codes.slice(0, 5)).toEqual(Array(5).fill('password-wrong'));
    expect(codes.at(-1)).toBe('login-throttled');
  });
});

describe('a reset by mail', () => {
  it('11, 14: answers the same for unknown addresses, works once and ends all sessions', async () => {
    const person = await someone();
    const known = await askForReset(person.email.toUpperCase());
    const unknown = await askForReset('nobody@acme.example');
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    expect(known.status).toBe(204);
    expect(mail.letters.some(({ to }) => to === 'nobody@acme.example')).toBe(false);
    const token = mail.tokenTo(person.email);
    // A password that is refused leaves the link good.
    expect(coded(await confirmReset(token, 'short'))).toEqual([422, 'password-refused']);
    const both = await Promise.all([confirmReset(token), confirmReset(token)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 422]);
    expect(await isIn(person.token)).toBe(false);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await rig.login(person.username)).status).toBe(401);
    expect((await rig.login(person.email, PASSWORD)).status).toBe(200);
    expect(await actionsOf(person.username)).toEqual(
      expect.arrayContaining(['password-reset-requested', 'password-reset']),
    );
  });

  it('16: signs nobody in: there is nothing to sign in with in its answer', async () => {
    const person = await someone();
    await askForReset(person.email);
    const { status, body } = await confirmReset(mail.tokenTo(person.email));
    expect([status, body]).toEqual([204, null]);
  });

  it('says one thing of tokens that are wrong, over, or of another kind', async () => {
    const person = await someone();
    await askForReset(person.email);
    const token = mail.tokenTo(person.email);
    const address = '198.51.100.23';
    const answers = [
      await confirmReset('tgp_nothing', PASSWORD, address),
      await confirmReset(`tgp_${'0'.repeat(64)}`, PASSWORD, address),
      await confirmReset(token.replace('tgp_', 'tgi_'), PASSWORD, address),
    ];
    rig.clock.advance(30 * MINUTE_MS);
    answers.push(await confirmReset(token, PASSWORD, address));
    const told = answers.map((answer) => [...coded(answer), answer.body.detail]);
    expect(new Set(told.map(String)).size).toBe(1);
    expect(told[0]!.slice(0, 2)).toEqual([422, 'reset-invalid']);
  });

  it('dies with a password that is changed otherwise', async () => {
    const person = await someone();
    await askForReset(person.email);
    const body = { currentPassword: passwordOf(person.username), newPassword: PASSWORD };
    expect((await post('me/password', body, person.token)).status).toBe(204);
    expect(coded(await confirmReset(mail.tokenTo(person.email), `${PASSWORD} too`))).toEqual([
      422,
      'reset-invalid',
    ]);
  });

  it('is asked for three times at most, known address or not, and is told when', async () => {
    const person = await someone();
    for (const email of [person.email, 'nobody.else@acme.example']) {
      const answers: Answer[] = [];
      for (let count = 0; count < 4; count += 1) {
        answers.push(await askForReset(email, `203.0.113.${count}`));
      }
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 429]);
      expect(answers[3]!.body.code).toBe('reset-throttled');
      expect(answers[3]!.headers['retry-after']).toBeDefined();
    }
  });

  it('is sent to who asks themselves, though strangers have asked in their name', async () => {
    const person = await someone();
    const lettersTo = () => mail.letters.filter(({ to }) => to === person.email).length;
    for (const network of ['203.0.113', '192.0.2']) {
      for (const last of [204, 204, 204, 429]) {
        expect((await askForReset(person.email, `${network}.9`)).status).toBe(last);
      }
    }
    const before = lettersTo();
    expect(before).toBe(6);
    expect((await askForReset(person.email, '198.51.100.77')).status).toBe(204);
    expect(lettersTo()).toBe(before + 1);
    expect((await confirmReset(mail.tokenTo(person.email))).status).toBe(204);
  });

  it('is refused to everybody where there is no mail', async () => {
    const person = await someone();
    mail.turnOff();
    try {
      for (const email of [person.email, 'nobody@acme.example']) {
        expect(coded(await askForReset(email))).toEqual([409, 'mail-is-off']);
      }
    } finally {
      mail = catchMail(rig);
    }
  });
});

describe('sessions', () => {
  const list = async (token: string) =>
    (await rig.send('me/sessions', { token })).body.items as {
      id: string;
      tenant: string;
      isCurrent: boolean;
    }[];

  it('are listed over all tenants, with this one marked, under names that open nothing', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    await rig.login(person.username, undefined, 'globex');
    const items = await list(person.token);
    expect(items.map(({ tenant, isCurrent }) => [tenant, isCurrent]).sort()).toEqual([
      ['acme', true],
      ['globex', false],
    ]);
    expect(items[0]).toMatchObject({
      method: 'password',
      client: expect.any(String),
      network: '127.0.0.0/24',
      signedInAt: expect.any(String),
      lastUsedAt: expect.any(String),
    });
    const { sid } = JSON.parse(
      Buffer.from(person.token.split('.')[1]!, 'base64url').toString(),
    ) as { sid: string };
    expect(JSON.stringify(items)).not.toContain(sid.slice(0, 16));
    const stranger = await someone();
    for (const { id } of items) {
      const end = await rig.send(`me/sessions/${id}`, { method: 'DELETE', token: stranger.token });
      expect(coded(end)).toEqual([404, 'session-not-found']);
    }
  });

  it('11: end one by one, and all at once, within five seconds', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    const there = (await rig.login(person.username, undefined, 'globex')).body;
    const other = (await list(person.token)).find(({ isCurrent }) => !isCurrent)!;
    const end = await rig.send(`me/sessions/${other.id}`, {
      method: 'DELETE',
      token: person.token,
    });
    expect(end.status).toBe(204);
    expect(await isIn(there.accessToken)).toBe(false);
    expect(await isIn(person.token)).toBe(true);
    const again = (await rig.login(person.username, undefined, 'globex')).body;
    expect((await post('me/sessions/end-all', {}, person.token)).status).toBe(204);
    expect(await isIn(again.accessToken)).toBe(false);
    expect(await isIn(person.token)).toBe(false);
    expect((await refresh(again.refreshToken)).status).toBe(401);
    expect(await actionsOf(person.username)).toContain('logged-out-everywhere');
  });
});

describe('another tenant', () => {
  const switchTo = (tenant: string, token: string) =>
    post('authentication/switch-tenant', { tenant }, token);

  it('is entered with a session of its own, which began as this one did', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Deployer'] });
    const tenants = await rig.send('me/tenants', { token: person.token });
    expect(tenants.body.items).toEqual([
      { slug: 'acme', name: 'acme', isCurrent: true },
      { slug: 'globex', name: 'globex', isCurrent: false },
    ]);
    const { status, body } = await switchTo('globex', person.token);
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ tenant: 'globex', roles: ['Deployer'] });
    expect((await me(person.token)).body.tenant).toBe('acme');
    expect((await refresh(body.refreshToken)).body.user.tenant).toBe('globex');
  });

  it('is not entered by who is no member, or by a session that was ended a moment ago', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    const stranger = await someone();
    const refusal = await switchTo('globex', stranger.token);
    expect(coded(refusal)).toEqual([404, 'not-a-member']);
    expect((await switchTo('nowhere', stranger.token)).body.detail).toBe(refusal.body.detail);
    expect((await me(person.token)).status).toBe(200);
    const other = (await rig.login(person.username, undefined, 'globex')).body.accessToken;
    await post('me/sessions/end-all', {}, other);
    // This process still remembers the session for some seconds.
    expect((await me(person.token)).status).toBe(200);
    expect(coded(await switchTo('globex', person.token))).toEqual([401, 'unauthenticated']);
  });

  it('10: is left when the first session would have been over, however often one switches', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    const ends = async () => {
      const { items } = (await rig.send('me/sessions', { token: person.token })).body;
      return items.map(({ expiresAt }: { expiresAt: string }) => expiresAt);
    };
    rig.clock.advance(20_000);
    expect((await switchTo('globex', person.token)).status).toBe(200);
    expect(new Set(await ends()).size).toBe(1);
  });

  it('does not take the word of this tenant’s identity provider', async () => {
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    await rig.db.system((tx) =>
      tx.execute(
        `update credentials set data = jsonb_set(jsonb_set(data, '{signIn,method}', '"oidc"'),
           '{signIn,providerId}', '"p-1"') where subject_id = $1`,
        [person.id],
      ),
    );
    expect(coded(await switchTo('globex', person.token))).toEqual([403, 'sign-in-refused']);
  });
});

describe('an account', () => {
  it('shows and changes its own name', async () => {
    const person = await someone();
    const { body } = await rig.send('me', { token: person.token });
    expect(body).toEqual({
      id: person.id,
      username: person.username,
      email: person.email,
      displayName: null,
      hasPassword: true,
    });
    const put = { method: 'PUT', token: person.token, body: { displayName: ' Ada ' } } as const;
    expect((await rig.send('me', put)).body.displayName).toBe('Ada');
    const more = { ...put, body: { displayName: 'Ada', username: 'admin' } };
    expect(coded(await rig.send('me', more))).toEqual([400, 'validation-failed']);
  });

  it('has another address when the new one has answered, and the old one hears', async () => {
    const person = await someone();
    const other = await someone();
    const change = (email: string, password = passwordOf(person.username)) =>
      post('me/email', { email, password }, person.token);
    const confirm = (token: string) => post('authentication/email-change/confirm', { token });
    expect(coded(await change('new@acme.example', 'not it at all'))).toEqual([
      403,
      'password-wrong',
    ]);
    expect((await change('new@acme.example')).status).toBe(204);
    const before = (await rig.send('me', { token: person.token })).body;
    expect(before.email).toBe(person.email);
    const token = mail.tokenTo('new@acme.example');
    expect((await confirm(token)).status).toBe(204);
    expect(coded(await confirm(token))).toEqual([422, 'email-change-invalid']);
    expect((await rig.send('me', { token: person.token })).body.email).toBe('new@acme.example');
    expect(mail.letters.at(-1)).toMatchObject({ kind: 'sendAccountChanged', to: person.email });
    expect((await change(other.email)).status).toBe(204);
    expect(coded(await confirm(mail.tokenTo(other.email)))).toEqual([409, 'email-taken']);
  });
});

describe('an account in an emergency', () => {
  const platform = (
    path: string,
    who: string,
    method: 'GET' | 'POST' | 'PUT' = 'GET',
    body?: object,
  ) => rig.send(`platform/users${path}`, { method, token: who, ...(body ? { body } : {}) });
  const operator = async () => {
    const person = await someone({ platform: ['PlatformAdmin'] });
    return (await rig.login(person.username, undefined, 'platform')).body.accessToken as string;
  };

  it('11: is shut by a platform admin in all tenants within five seconds, and opened again', async () => {
    const admin = await operator();
    const person = await someone({ acme: ['Viewer'], globex: ['Viewer'] });
    const there = (await rig.login(person.username, undefined, 'globex')).body.accessToken;
    const found = await platform(`?text=${person.email.toUpperCase()}`, admin);
    expect(found.body.items).toMatchObject([
      { id: person.id, isDisabled: false, hasPassword: true, tenants: ['acme', 'globex'] },
    ]);
    const shut = await platform(`/${person.id}/disable`, admin, 'POST');
    expect([shut.status, shut.body.isDisabled]).toEqual([200, true]);
    expect(await isIn(person.token)).toBe(false);
    expect(await isIn(there)).toBe(false);
    expect((await rig.login(person.username, undefined, 'acme')).status).toBe(401);
    const open = await platform(`/${person.id}/enable`, admin, 'POST');
    expect([open.status, open.body.isDisabled]).toEqual([200, false]);
    // What was open before stays over.
    expect((await refresh(person.refreshToken)).status).toBe(401);
    const again = (await rig.login(person.username, undefined, 'acme')).body.accessToken;
    expect((await platform(`/${person.id}/end-sessions`, admin, 'POST')).status).toBe(200);
    expect(await isIn(again)).toBe(false);
  });

  it('gets an address from a platform admin, and nothing of it from an Admin of a tenant', async () => {
    const admin = await operator();
    const person = await someone();
    const set = await platform(`/${person.id}/email`, admin, 'PUT', { email: 'set@acme.example' });
    expect([set.status, set.body.email]).toEqual([200, 'set@acme.example']);
    const other = await someone();
    const taken = await platform(`/${other.id}/email`, admin, 'PUT', { email: 'Set@acme.example' });
    expect(coded(taken)).toEqual([409, 'email-taken']);
    const tenantAdmin = await someone({ acme: ['Admin'] });
    for (const [method, path] of [
      ['GET', ''],
      ['POST', `/${person.id}/disable`],
      ['POST', `/${person.id}/end-sessions`],
    ] as const) {
      const refused = await platform(path, tenantAdmin.token, method);
      expect(coded(refused)).toEqual([403, 'permission-missing']);
    }
  });

  it('is not the platform admin’s own', async () => {
    const admin = await operator();
    const { id } = (await rig.send('me', { token: admin })).body;
    expect(coded(await platform(`/${id}/disable`, admin, 'POST'))).toEqual([409, 'own-account']);
  });
});
