/** Authenticator apps, recovery codes and step-up (statements 11, 14, 15 and 16). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withClient, testDatabaseServer } from '../support/database.js';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';
import { codeAt, enrolTotp, factsOf, resetClock, stepUp } from '../support/second-factors.js';

let rig: IdentityApp;
/** Another process on the same database. */
let twin: IdentityApp;
let made = 0;

beforeAll(async () => {
  rig = await identityApp();
  twin = await identityApp({ beside: rig, clock: rig.clock });
  await rig.tenant('acme');
  await rig.tenant('globex');
}, 60_000);

afterAll(async () => {
  await twin?.close();
  await rig?.close();
});

beforeEach(() => resetClock(rig));

async function someone(role: 'Viewer' | 'Admin' = 'Viewer') {
  const username = `person-${(made += 1)}`;
  const id = await rig.user(username, { acme: [role] });
  const { accessToken: token } = (await rig.login(username)).body;
  return { id, username, token };
}

async function someoneWithApp() {
  const person = await someone();
  return { ...person, ...(await enrolTotp(rig, person.token)) };
}

const login = (username: string, more: object = {}, at = rig) =>
  at.send('authentication/login', {
    method: 'POST',
    body: { username, password: passwordOf(username), ...more },
  });
const outcome = ({ status, body }: { status: number; body: { code?: string } | null }) =>
  [status, body?.code ?? 'ok'] as const;

describe('an authenticator app', () => {
  it('is enrolled by a code of its own, and its secret is shown once and kept sealed', async () => {
    const { token, id, username } = await someone();
    const begun = await rig.send('me/mfa/totp', { method: 'POST', token, body: { name: 'phone' } });
    expect(begun.status).toBe(201);
    const { secret, uri, qr } = begun.body;
    expect(uri).toContain(`secret=${secret}`);
    expect(uri).toContain(encodeURIComponent(`${username}@acme`));
    expect(qr).toMatch(/^data:image\/svg\+xml;base64,/);
    // Until it is confirmed it counts for nothing.
    expect((await rig.login(username)).status).toBe(200);
    const wrong = { method: 'POST', token, body: { code: '000000' } } as const;
    expect(outcome(await rig.send('me/mfa/totp/confirm', wrong))).toEqual([401, 'factor-refused']);
    const right = { method: 'POST', token, body: { code: codeAt(rig, secret) } } as const;
    const confirmed = await rig.send('me/mfa/totp/confirm', right);
    expect(confirmed.body.recoveryCodes).toHaveLength(10);
    expect(outcome(await rig.send('me/mfa/totp/confirm', right))).toEqual([
      409,
      'enrolment-not-begun',
    ]);
    const { body } = await rig.send('me/mfa', { token });
    expect(body).toMatchObject({
      factors: [{ kind: 'totp', name: 'phone' }],
      recoveryCodesLeft: 10,
      isDemanded: false,
    });
    const rows = await rig.db.system((tx) =>
      tx.query('select f::text as row from user_factors f where user_id = $1', [id]),
    );
    const stored = JSON.stringify([rows, body]);
    for (const shown of [secret, ...confirmed.body.recoveryCodes]) {
      expect(stored).not.toContain(shown);
      expect(stored).not.toContain(shown.replaceAll('-', ''));
    }
  });

  it('waits a quarter of an hour for its first code', async () => {
    const { token } = await someone();
    const { body } = await rig.send('me/mfa/totp', { method: 'POST', token, body: {} });
    rig.clock.advance(15 * 60_000);
    const late = { method: 'POST', token, body: { code: codeAt(rig, body.secret) } } as const;
    expect(outcome(await rig.send('me/mfa/totp/confirm', late))).toEqual([
      409,
      'enrolment-not-begun',
    ]);
  });

  it('is asked for after the right password only', async () => {
    const { username } = await someoneWithApp();
    const asked = await login(username);
    expect(outcome(asked)).toEqual([401, 'factor-required']);
    expect(asked.body.details.methods).toEqual(['totp', 'recovery-code']);
    const plain = await someone();
    const wrong = await rig.login(username, 'wrong');
    const other = await rig.login(plain.username, 'wrong');
    const { id: _one, ...said } = wrong.body;
    const { id: _two, ...saidToOthers } = other.body;
    expect([wrong.status, said]).toEqual([other.status, saidToOthers]);
  });

  it('opens the door with its code, and the session says so', async () => {
    const { username, secret } = await someoneWithApp();
    const { status, body } = await login(username, { totp: codeAt(rig, secret) });
    expect(status).toBe(200);
    expect(await factsOf(rig, body.accessToken)).toMatchObject({
      hasFactor: true,
      provedAt: rig.clock.now(),
    });
  });
});

describe('a code (statement 16)', () => {
  it.each([
    [-1, 200],
    [0, 200],
    [1, 200],
    [-2, 401],
    [2, 401],
  ])('of %i steps away is answered with %i', async (steps, status) => {
    const { username, secret } = await someoneWithApp();
    rig.clock.advance(90_000);
    expect((await login(username, { totp: codeAt(rig, secret, steps) })).status).toBe(status);
  });

  it('counts once, and none before it counts after it', async () => {
    const { username, secret } = await someoneWithApp();
    rig.clock.advance(60_000);
    const totp = codeAt(rig, secret);
    expect((await login(username, { totp })).status).toBe(200);
    expect(outcome(await login(username, { totp }))).toEqual([401, 'factor-refused']);
    expect(outcome(await login(username, { totp: codeAt(rig, secret, -1) }))).toEqual([
      401,
      'factor-refused',
    ]);
  });

  it('counts once at two processes at the same moment', async () => {
    const { username, secret } = await someoneWithApp();
    const totp = codeAt(rig, secret);
    const answers = await Promise.all(
      [rig, twin, rig, twin].map((at) => login(username, { totp }, at)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('that confirmed the app does not open the door as well', async () => {
    const { token, username } = await someone();
    const { body } = await rig.send('me/mfa/totp', { method: 'POST', token, body: {} });
    const code = codeAt(rig, body.secret);
    await rig.send('me/mfa/totp/confirm', { method: 'POST', token, body: { code } });
    expect(outcome(await login(username, { totp: code }))).toEqual([401, 'factor-refused']);
  });

  it('may be guessed five times, then ever more rarely, from wherever and at once', async () => {
    const { username, secret } = await someoneWithApp();
    const wrong = (await codesBut(secret))[0]!;
    const guess = (n: number, at = rig) =>
      at.send('authentication/login', {
        method: 'POST',
        body: { username, password: passwordOf(username), totp: wrong },
        address: `198.51.${n}.7`,
      });
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, n) => guess(n, n % 2 ? rig : twin)),
    );
    const codes = guesses.map(({ body }) => body.code as string);
    expect(codes.filter((code) => code === 'factor-refused')).toHaveLength(5);
    expect(codes.filter((code) => code === 'factor-throttled')).toHaveLength(7);
    const right = () =>
      rig.send('authentication/login', {
        method: 'POST',
        body: { username, password: passwordOf(username), totp: codeAt(rig, secret) },
        address: '203.0.113.9',
      });
    const held = await right();
    expect(outcome(held)).toEqual([429, 'factor-throttled']);
    expect(held.headers['retry-after']).toBe('1');
    rig.clock.advance(1_000);
    expect((await guess(20)).body.code).toBe('factor-refused');
    rig.clock.advance(1_000);
    expect((await right()).status).toBe(429);
    rig.clock.advance(1_000);
    expect((await right()).status).toBe(200);
    // The right one has forgiven those before it.
    expect((await guess(21)).body.code).toBe('factor-refused');
    expect((await guess(22)).body.code).toBe('factor-refused');
  });

  it('that is wrong is a failed sign-in like a wrong password, for this place', async () => {
    const { username, secret } = await someoneWithApp();
    const [wrong] = await codesBut(secret);
    for (let n = 0; n < 3; n += 1) await login(username, { totp: wrong });
    for (let n = 0; n < 3; n += 1) await rig.login(username, 'wrong');
    expect(outcome(await rig.login(username))).toEqual([429, 'login-throttled']);
  });

  it.each(['12345', '1234567', '12345a', '１２３４５６', ''])('is no "%s"', async (totp) => {
    expect((await login('person-1', { totp })).status).toBe(400);
  });
});

describe('a recovery code (statement 16)', () => {
  it('opens the door once, however it is typed, and tells how many are left', async () => {
    const { username, recoveryCodes } = await someoneWithApp();
    const typed = ` ${recoveryCodes[0]!.toUpperCase().replaceAll('-', ' ')} `;
    const used = await login(username, { recoveryCode: typed });
    expect([used.status, used.body.recoveryCodesLeft]).toEqual([200, 9]);
    expect(outcome(await login(username, { recoveryCode: recoveryCodes[0] }))).toEqual([
      401,
      'factor-refused',
    ]);
    expect(await auditOf(username, 'recovery-code-used')).toEqual([
      expect.objectContaining({
        result: 'allowed',
        body_text: expect.stringContaining('"left":9'),
      }),
    ]);
  });

  it('counts once at two processes at the same moment', async () => {
    const { username, recoveryCodes } = await someoneWithApp();
    const recoveryCode = recoveryCodes[1];
    const answers = await Promise.all(
      [rig, twin, rig].map((at) => login(username, { recoveryCode }, at)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  it('is worth nothing to somebody else, and nothing once there are new ones', async () => {
    const { username, token, recoveryCodes } = await someoneWithApp();
    const other = await someoneWithApp();
    expect((await login(other.username, { recoveryCode: recoveryCodes[0] })).status).toBe(401);
    const renewed = await rig.send('me/mfa/recovery-codes', { method: 'POST', token });
    expect(renewed.status).toBe(201);
    expect((await login(username, { recoveryCode: recoveryCodes[0] })).status).toBe(401);
    const [code] = renewed.body.recoveryCodes as string[];
    expect((await login(username, { recoveryCode: code })).status).toBe(200);
  });
});

describe('a step-up', () => {
  it('is over after five minutes, and what counts is what the person has', async () => {
    const { token } = await someone();
    rig.clock.advance(5 * 60_000 - 1);
    const begin = () => rig.send('me/mfa/totp', { method: 'POST', token, body: {} });
    expect((await begin()).status).toBe(201);
    rig.clock.advance(1);
    const refused = await begin();
    expect(outcome(refused)).toEqual([403, 'step-up-required']);
    expect(refused.body.details.methods).toEqual(['password']);
    expect(outcome(await stepUp(rig, token, { password: 'wrong' }))).toEqual([
      401,
      'factor-refused',
    ]);
    const password = passwordOf(`person-${made}`);
    expect((await stepUp(rig, token, { password })).status).toBe(200);
    expect((await begin()).status).toBe(201);
  });

  it('of who has an app takes its code, and no password or recovery code', async () => {
    const { token, username, secret, recoveryCodes } = await someoneWithApp();
    rig.clock.advance(5 * 60_000);
    const renew = { method: 'POST', token } as const;
    const refused = await rig.send('me/mfa/recovery-codes', renew);
    expect(refused.body).toMatchObject({
      code: 'step-up-required',
      details: { methods: ['totp'] },
    });
    const password = await stepUp(rig, token, { password: passwordOf(username) });
    expect(outcome(password)).toEqual([409, 'step-up-unsuitable']);
    expect((await stepUp(rig, token, { recoveryCode: recoveryCodes[0] })).status).toBe(400);
    const totp = codeAt(rig, secret);
    expect((await stepUp(rig, token, { totp, password: 'x' })).status).toBe(400);
    expect((await stepUp(rig, token, { totp })).status).toBe(200);
    expect(outcome(await stepUp(rig, token, { totp }))).toEqual([401, 'factor-refused']);
    expect((await rig.send('me/mfa/recovery-codes', renew)).status).toBe(201);
  });

  it('shown to one process is known to all at once', async () => {
    const { token, username } = await someone();
    rig.clock.advance(5 * 60_000);
    const begin = () => twin.send('me/mfa/totp', { method: 'POST', token, body: {} });
    expect((await begin()).status).toBe(403);
    await stepUp(rig, token, { password: passwordOf(username) });
    expect((await begin()).status).toBe(201);
  });

  it('is of one session alone', async () => {
    const { token, username } = await someone();
    const other = (await rig.login(username)).body.accessToken as string;
    rig.clock.advance(5 * 60_000);
    await stepUp(rig, token, { password: passwordOf(username) });
    const begin = { method: 'POST', token: other, body: {} } as const;
    expect((await rig.send('me/mfa/totp', begin)).status).toBe(403);
  });

  it('may be guessed five times', async () => {
    const { token } = await someone();
    const guesses = await Promise.all(
      Array.from({ length: 8 }, () => stepUp(rig, token, { password: 'wrong' })),
    );
    const codes = guesses.map(({ body }) => body.code as string);
    expect(codes.filter((code) => code === 'factor-refused')).toHaveLength(5);
    expect(codes.filter((code) => code === 'factor-throttled')).toHaveLength(3);
  });
});

describe('a change of factors (statement 11)', () => {
  it('ends the person’s other sessions in all tenants within five seconds', async () => {
    const username = `person-${(made += 1)}`;
    await rig.user(username, { acme: ['Viewer'], globex: ['Viewer'] });
    const password = passwordOf(username);
    const own = (await rig.login(username, password, 'acme')).body;
    const here = (await rig.login(username, password, 'acme')).body;
    const there = (await rig.login(username, password, 'globex')).body;
    const others = [here, there];
    const me = (token: string, at = rig) => at.send('authentication/me', { token });
    for (const { accessToken } of others) expect((await me(accessToken, twin)).status).toBe(200);
    const { secret, factorId } = await enrolTotp(rig, own.accessToken);
    rig.clock.advance(4_999);
    for (const { accessToken, refreshToken } of others) {
      expect((await me(accessToken)).status).toBe(401);
      expect((await me(accessToken, twin)).status).toBe(401);
      const body = { refreshToken };
      expect((await rig.send('authentication/refresh', { method: 'POST', body })).status).toBe(401);
    }
    expect((await me(own.accessToken)).status).toBe(200);
    const again = await login(username, { tenant: 'globex', totp: codeAt(rig, secret) });
    const remove = { method: 'DELETE', token: own.accessToken } as const;
    expect((await rig.send(`me/mfa/totp/${factorId}`, remove)).status).toBe(204);
    rig.clock.advance(4_999);
    expect((await me(again.body.accessToken)).status).toBe(401);
    expect((await me(own.accessToken)).status).toBe(200);
    // With the last factor the recovery codes are gone, and the password is enough.
    expect((await rig.send('me/mfa', { token: own.accessToken })).body).toMatchObject({
      factors: [],
      recoveryCodesLeft: 0,
    });
    expect((await login(username, { tenant: 'acme' })).status).toBe(200);
    const actions = (await auditOf(username)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['factor-enrolled', 'factor-removed']));
  });

  it('needs a fresh proof to remove one, and is for one’s own only', async () => {
    const { token, factorId } = await someoneWithApp();
    const other = await someoneWithApp();
    const remove = (who: string) =>
      rig.send(`me/mfa/totp/${factorId}`, { method: 'DELETE', token: who });
    expect(outcome(await remove(other.token))).toEqual([404, 'factor-not-found']);
    rig.clock.advance(5 * 60_000);
    expect(outcome(await remove(token))).toEqual([403, 'step-up-required']);
  });

  it('makes three apps at most', async () => {
    const { token } = await someoneWithApp();
    await enrolTotp(rig, token);
    await enrolTotp(rig, token);
    const fourth = await rig.send('me/mfa/totp', { method: 'POST', token, body: {} });
    expect(outcome(fourth)).toEqual([409, 'factor-limit']);
  });
});

/** Codes that none of the steps around now shows. */
async function codesBut(secret: string): Promise<string[]> {
  const good = [-2, -1, 0, 1, 2].map((steps) => codeAt(rig, secret, steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].filter(
    (code) => !good.includes(code),
  );
}

async function auditOf(subject: string, action?: string) {
  const [row] = await rig.db.system((tx) =>
    tx.query<{ name: string }>('select current_database() as name'),
  );
  const { superuser } = testDatabaseServer();
  return withClient({ ...superuser, database: row!.name }, async (client) => {
    const { rows } = await client.query<Record<string, string>>(
      `select action, result, body_text from audit_entries
       where subject_id = $1 and action = coalesce($2, action) order by at`,
      [subject, action ?? null],
    );
    return rows;
  });
}
