/** Passkeys: enrolled, shown, and everything that must not be taken for one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';
import { enrolTotp, factsOf, resetClock, stepUp } from '../support/second-factors.js';
import { type Lies, SoftwareAuthenticator } from '../support/software-authenticator.js';

const ORIGIN = 'https://tidegate.example.com';
let rig: IdentityApp;
/** Another process on the same database. */
let twin: IdentityApp;
let made = 0;

beforeAll(async () => {
  const environment = { TIDEGATE_PUBLIC_URL: `${ORIGIN}/` };
  rig = await identityApp({ environment });
  twin = await identityApp({ environment, beside: rig, clock: rig.clock });
  await rig.tenant('acme');
  await rig.tenant('globex');
}, 60_000);
afterAll(async () => {
  await twin?.close();
  await rig?.close();
});
beforeEach(() => resetClock(rig));

const outcome = ({ status, body }: { status: number; body: { code?: string } | null }) =>
  [status, body?.code ?? 'ok'] as const;
const refused = [401, 'passkey-refused'];

async function someone(tenants: string[] = ['acme']) {
  const username = `person-${(made += 1)}`;
  const id = await rig.user(
    username,
    Object.fromEntries(tenants.map((slug) => [slug, ['Viewer']])),
  );
  const { body } = await rig.login(username, passwordOf(username), tenants[0]);
  return { id, username, token: body.accessToken as string };
}

const creation = async (token: string) =>
  (await rig.send('me/passkeys/options', { method: 'POST', token })).body;

const send = (token: string, passkey: unknown) =>
  rig.send('me/passkeys', { method: 'POST', token, body: { name: 'laptop', passkey } });

async function someoneWithPasskey({ counts = true, tenants = ['acme'] } = {}) {
  const person = await someone(tenants);
  const authenticator = new SoftwareAuthenticator(ORIGIN, counts);
  const answer = await send(person.token, authenticator.create(await creation(person.token)));
  expect(outcome(answer)).toEqual([201, 'ok']);
  return { ...person, authenticator, passkeyId: answer.body.id as string, answer };
}

const request = async (at = rig) =>
  (await at.send('authentication/passkey/options', { method: 'POST' })).body;
const signIn = (passkey: unknown, more: object = {}, at = rig) =>
  at.send('authentication/passkey', { method: 'POST', body: { passkey, ...more } });

describe('a passkey', () => {
  it('is enrolled, listed, renamed and removed by its person alone', async () => {
    const { token, passkeyId, answer } = await someoneWithPasskey();
    expect(answer.body.recoveryCodes).toHaveLength(10);
    const list = async () => (await rig.send('me/passkeys', { token })).body.items;
    expect(await list()).toEqual([expect.objectContaining({ kind: 'passkey', name: 'laptop' })]);
    const other = await someone();
    const rename = { method: 'PUT', body: { name: 'key ring' } } as const;
    const path = `me/passkeys/${passkeyId}`;
    expect((await rig.send(path, { ...rename, token: other.token })).status).toBe(404);
    expect((await rig.send(path, { ...rename, token })).status).toBe(204);
    expect((await list())[0].name).toBe('key ring');
    expect((await rig.send(path, { method: 'DELETE', token: other.token })).status).toBe(404);
    expect((await rig.send(path, { method: 'DELETE', token })).status).toBe(204);
    expect(await list()).toEqual([]);
  });

  it('signs in without a password, as two factors', async () => {
    const { username, authenticator } = await someoneWithPasskey();
    const { status, body } = await signIn(authenticator.get(await request()));
    expect([status, body.user.username]).toEqual([200, username]);
    const { body: mfa } = await rig.send('me/mfa', { token: body.accessToken });
    expect(mfa.factors[0].lastUsedAt).not.toBeNull();
    expect(await factsOf(rig, body.accessToken)).toMatchObject({
      method: 'passkey',
      hasFactor: true,
    });
  });

  it('is asked which tenant, and the same answer may say it', async () => {
    const { authenticator } = await someoneWithPasskey({ tenants: ['acme', 'globex'] });
    const assertion = authenticator.get(await request());
    const asked = await signIn(assertion);
    expect(asked.body).toMatchObject({
      code: 'tenant-required',
      details: { tenants: ['acme', 'globex'] },
    });
    expect((await signIn(assertion, { tenant: 'globex' })).body.user.tenant).toBe('globex');
    expect(outcome(await signIn(assertion, { tenant: 'globex' }))).toEqual(refused);
  });

  it('stands beside a password, and a password alone is not enough', async () => {
    const { username, authenticator } = await someoneWithPasskey();
    const login = (more: object) =>
      rig.send('authentication/login', {
        method: 'POST',
        body: { username, password: passwordOf(username), ...more },
      });
    const asked = await login({});
    expect(asked.body.details.methods).toEqual(['passkey', 'recovery-code']);
    const other = await someoneWithPasskey();
    const foreign = other.authenticator.get(await request());
    expect(outcome(await login({ passkey: foreign }))).toEqual(refused);
    expect((await login({ passkey: authenticator.get(await request()) })).status).toBe(200);
  });

  it('gets in while the account is under attack (statement 15)', async () => {
    const { username, authenticator } = await someoneWithPasskey();
    for (let n = 0; n < 7; n += 1) await rig.login(username, 'wrong');
    expect((await rig.login(username)).status).toBe(429);
    expect((await signIn(authenticator.get(await request()))).status).toBe(200);
  });

  it('of a disabled account opens nothing', async () => {
    const { id, authenticator } = await someoneWithPasskey();
    await rig.db.system((tx) =>
      tx.execute('update users set disabled_at = now() where id = $1', [id]),
    );
    expect(outcome(await signIn(authenticator.get(await request())))).toEqual([
      401,
      'login-failed',
    ]);
  });

  it('is a step-up for its own session', async () => {
    const { token, authenticator } = await someoneWithPasskey();
    const options = async (at: string) =>
      (await rig.send('authentication/step-up/passkey/options', { method: 'POST', token: at }))
        .body;
    const asked = await options(token);
    expect(asked.allowCredentials).toEqual([
      expect.objectContaining({ id: authenticator.id.toString('base64url') }),
    ]);
    const { accessToken } = (await signIn(authenticator.get(await request()))).body;
    rig.clock.advance(4 * 60_000);
    // Asked for by one session, answered in another one of the same person.
    const elsewhere = authenticator.get(await options(accessToken));
    expect(outcome(await stepUp(rig, token, { passkey: elsewhere }))).toEqual(refused);
    const own = authenticator.get(await options(token));
    rig.clock.advance(60_000);
    const renew = { method: 'POST', token } as const;
    expect(outcome(await rig.send('me/mfa/recovery-codes', renew))).toEqual([
      403,
      'step-up-required',
    ]);
    expect((await stepUp(rig, token, { passkey: own })).status).toBe(200);
    expect(outcome(await stepUp(rig, token, { passkey: own }))).toEqual(refused);
    expect((await rig.send('me/mfa/recovery-codes', renew)).status).toBe(201);
  });
});

describe('what a passkey has signed is refused', () => {
  it.each<[string, Lies]>([
    ['for another site', { origin: 'https://tidegate.example.com.evil.example' }],
    ['for the same name without encryption', { origin: 'http://tidegate.example.com' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without having verified anybody', { isVerified: false }],
    ['as an enrolment', { type: 'webauthn.create' }],
    ['for a challenge that nobody gave', { challenge: Buffer.alloc(42).toString('base64url') }],
    ['for no challenge', { challenge: '' }],
    ['in the name of somebody else', { userHandle: Buffer.alloc(16).toString('base64url') }],
  ])('%s', async (_what, lies) => {
    const { authenticator } = await someoneWithPasskey();
    expect(outcome(await signIn(authenticator.get(await request(), lies)))).toEqual(refused);
    // The passkey itself is good.
    expect((await signIn(authenticator.get(await request()))).status).toBe(200);
  });

  it('a second time, also by another process at the same moment', async () => {
    const { authenticator } = await someoneWithPasskey();
    const assertion = authenticator.get(await request(twin));
    const answers = await Promise.all([rig, twin, rig].map((at) => signIn(assertion, {}, at)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect(outcome(await signIn(assertion))).toEqual(refused);
  });

  it('a second time, also where the passkey does not count', async () => {
    const { authenticator } = await someoneWithPasskey({ counts: false });
    const assertion = authenticator.get(await request());
    expect((await signIn(assertion)).status).toBe(200);
    expect(outcome(await signIn(assertion))).toEqual(refused);
    expect((await signIn(authenticator.get(await request()))).status).toBe(200);
  });

  it('after five minutes', async () => {
    const { authenticator } = await someoneWithPasskey();
    const [early, late] = [authenticator.get(await request()), authenticator.get(await request())];
    rig.clock.advance(5 * 60_000 - 1);
    expect((await signIn(early)).status).toBe(200);
    rig.clock.advance(1);
    expect(outcome(await signIn(late))).toEqual(refused);
  });

  it('for something else than it was asked for', async () => {
    const { token, authenticator } = await someoneWithPasskey();
    const forStepUp = await rig.send('authentication/step-up/passkey/options', {
      method: 'POST',
      token,
    });
    expect(outcome(await signIn(authenticator.get(forStepUp.body)))).toEqual(refused);
    const forSignIn = authenticator.get(await request());
    expect(outcome(await stepUp(rig, token, { passkey: forSignIn }))).toEqual(refused);
    const { challenge } = await creation(token);
    const forEnrolling = authenticator.get({ challenge, rpId: 'tidegate.example.com' });
    expect(outcome(await signIn(forEnrolling))).toEqual(refused);
  });

  it('by a copy: its counter does not go back, and the tenant is told', async () => {
    const { id, username, authenticator } = await someoneWithPasskey();
    expect((await signIn(authenticator.get(await request()))).status).toBe(200);
    const { counter } = authenticator;
    for (const lie of [counter, counter - 1, 0]) {
      const copied = authenticator.get(await request(), { counter: lie });
      expect(outcome(await signIn(copied))).toEqual(refused);
    }
    const rows = await rig.inTenant(await tenantOf(id), ({ tx }) =>
      tx.query(
        `select result from audit_entries where action = 'passkey-copied' and subject_id = $1`,
        [username],
      ),
    );
    expect(rows).toEqual([{ result: 'denied' }, { result: 'denied' }, { result: 'denied' }]);
  });

  it('with a signature that is not its own, or once it is removed', async () => {
    const { token, passkeyId, authenticator } = await someoneWithPasskey();
    const other = await someoneWithPasskey();
    const own = authenticator.get(await request());
    const { signature } = other.authenticator.get(await request()).response;
    const forged = { ...own, response: { ...own.response, signature } };
    expect(outcome(await signIn(forged))).toEqual(refused);
    await rig.send(`me/passkeys/${passkeyId}`, { method: 'DELETE', token });
    expect(outcome(await signIn(own))).toEqual(refused);
  });
});

describe('an enrolment is refused', () => {
  it.each<[string, Lies]>([
    ['for another site', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without having verified anybody', { isVerified: false }],
    ['as a sign-in', { type: 'webauthn.get' }],
    ['for a challenge that nobody gave', { challenge: Buffer.alloc(42).toString('base64url') }],
  ])('%s', async (_what, lies) => {
    const { token } = await someone();
    const authenticator = new SoftwareAuthenticator(ORIGIN);
    expect(outcome(await send(token, authenticator.create(await creation(token), lies)))).toEqual(
      refused,
    );
  });

  it('a second time, in another session, and after five minutes', async () => {
    const { token } = await someone();
    const thief = await someone();
    const options = await creation(token);
    const answer = new SoftwareAuthenticator(ORIGIN).create(options);
    expect(outcome(await send(thief.token, answer))).toEqual(refused);
    expect((await send(token, answer)).status).toBe(201);
    expect(outcome(await send(token, answer))).toEqual(refused);
    const late = new SoftwareAuthenticator(ORIGIN).create(await creation(token));
    rig.clock.advance(5 * 60_000);
    expect(outcome(await send(token, late))).toEqual(refused);
  });

  it('of a passkey that somebody has, and of an eleventh', async () => {
    const { authenticator } = await someoneWithPasskey();
    const { token } = await someone();
    const taken = authenticator.create(await creation(token));
    expect(outcome(await send(token, taken))).toEqual([409, 'passkey-exists']);
    for (let n = 0; n < 10; n += 1) {
      const next = new SoftwareAuthenticator(ORIGIN).create(await creation(token));
      expect((await send(token, next)).status).toBe(201);
    }
    expect((await creation(token)).code).toBe('factor-limit');
  });

  it('without a fresh proof', async () => {
    const { token } = await someone();
    rig.clock.advance(5 * 60_000);
    expect((await creation(token)).code).toBe('step-up-required');
  });
});

describe('passkeys beside an app', () => {
  it('bring no second set of recovery codes, and either will do', async () => {
    const { token, username, authenticator } = await someoneWithPasskey();
    await enrolTotp(rig, token).then(({ recoveryCodes }) => expect(recoveryCodes).toBeNull());
    const asked = await rig.login(username);
    expect(asked.body.details.methods).toEqual(['totp', 'passkey', 'recovery-code']);
    expect((await signIn(authenticator.get(await request()))).status).toBe(200);
  });

  it('are not to be had where the server has no name', async () => {
    const nameless = await identityApp({
      environment: { TIDEGATE_PUBLIC_URL: 'http://192.0.2.7:8080' },
      beside: rig,
      clock: rig.clock,
    });
    const answer = await nameless.send('authentication/passkey/options', { method: 'POST' });
    expect(outcome(answer)).toEqual([503, 'passkeys-unavailable']);
    await nameless.close();
  }, 30_000);
});

async function tenantOf(userId: string): Promise<string> {
  const [row] = await rig.db.system((tx) =>
    tx.query<{ id: string }>('select tenant_id as id from memberships where user_id = $1', [
      userId,
    ]),
  );
  return row!.id;
}
