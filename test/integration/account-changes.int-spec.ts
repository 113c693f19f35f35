/** What changes an account: done and told as one, and survived by no sign-in that began before. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { eventually } from '../support/eventually.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { catchMail } from '../support/caught-mail.js';
import { type Answer, type IdentityApp, identityApp, passwordOf } from '../support/identity-app.js';
import { codeAt, enrolTotp, resetClock } from '../support/second-factors.js';

const NEW = 'five boats on a green lake';

let rig: IdentityApp;
let superuser: Client;
beforeAll(async () => {
  rig = await identityApp();
  await rig.tenant('acme');
  superuser = new Client({ ...rig.ground.database.superuser });
  superuser.on('error', () => undefined);
  await superuser.connect();
}, 60_000);
afterAll(async () => {
  await superuser?.end();
  await rig?.close();
});
afterEach(() => resetClock(rig));

interface Somebody {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

async function somebody(role: 'Viewer' | 'PlatformAdmin' = 'Viewer'): Promise<Somebody> {
  const username = `p-${newId()}`;
  const tenant = role === 'Viewer' ? 'acme' : 'platform';
  const id = await rig.user(username, { [tenant]: [role] });
  const { body } = await rig.login(username, undefined, tenant);
  return { id, username, token: body.accessToken };
}

const post = (path: string, token: string, body: object = {}) =>
  rig.send(path, { method: 'POST', token, body });
const changePassword = (who: Somebody) =>
  post('me/password', who.token, { currentPassword: passwordOf(who.username), newPassword: NEW });
const endAll = ({ token }: Somebody) => rig.send('me/sessions/end-all', { method: 'POST', token });
const isIn = async (token: string) =>
  (await rig.send('authentication/me', { token })).status === 200;

/** So many statements wait for somebody else's locks. */
const waiting = (count: number) =>
  eventually(async () => {
    const { rows } = await superuser.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows[0]!.waiting).toBe(count);
  });

describe('a sign-in at the very moment', () => {
  it.each([
    ['of a change of the password', changePassword],
    ['at which all sessions end', endAll],
  ])('%s opens nothing', async (_moment, change) => {
    const who = await somebody();
    await superuser.query('begin');
    await superuser.query('select 1 from users where id = $1 for update', [who.id]);
    const changing = change(who);
    await waiting(1);
    // From a network that it has not been seen in: it has shown its password, and waits to remember that.
    const signingIn = rig.send('authentication/login', {
      method: 'POST',
      body: { username: who.username, password: passwordOf(who.username) },
      address: '198.51.100.7',
    });
    await waiting(2);
    await superuser.query('rollback');
    expect((await changing).status).toBe(204);
    const answer = await signingIn;
    expect([answer.status, answer.body.code]).toEqual([401, 'login-failed']);
    const { rows } = await superuser.query(
      `select 1 from credentials where subject_id = $1 and kind = 'refresh' and revoked_at is null
         and created_at > now() - interval '1 minute' and data -> 'signIn' ->> 'network' like '198.%'`,
      [who.id],
    );
    expect(rows).toEqual([]);
  });
});

describe('what cannot be told is not done', () => {
  /** As if the process, or the table, were gone at the last moment. */
  async function whileUntold<T>(work: () => Promise<T>): Promise<T> {
    await superuser.query(`
      create function refuse_entry() returns trigger language plpgsql as
        $$ begin raise exception 'the audit log is full'; end $$;
      create constraint trigger refuse_entries after insert on audit_entries
        deferrable initially deferred for each row execute function refuse_entry();`);
    try {
      return await work();
    } finally {
      await superuser.query(
        'drop trigger refuse_entries on audit_entries; drop function refuse_entry();',
      );
    }
  }
  const factorsOf = async ({ token }: Somebody) =>
    (await rig.send('me/mfa', { token })).body.factors as { id: string; name: string }[];

  it('a password, and the end of sessions', async () => {
    const who = await somebody();
    const other = (await rig.login(who.username)).body.accessToken as string;
    const { items } = (await rig.send('me/sessions', { token: who.token })).body;
    const otherId = (items as { id: string; isCurrent: boolean }[]).find(
      ({ isCurrent }) => !isCurrent,
    )!.id;
    const logout = (token: string) => rig.send('authentication/logout', { method: 'POST', token });
    await whileUntold(async () => {
      expect((await changePassword(who)).status).toBe(500);
      expect((await endAll(who)).status).toBe(500);
      const path = `me/sessions/${otherId}`;
      expect((await rig.send(path, { method: 'DELETE', token: who.token })).status).toBe(500);
      expect((await logout(other)).status).toBe(500);
    });
    rig.clock.advance(4_500);
    expect([await isIn(who.token), await isIn(other)]).toEqual([true, true]);
    expect((await rig.login(who.username)).status).toBe(200);
    expect((await logout(other)).status).toBe(204);
  });

  it('a factor: enrolled, removed, its recovery codes', async () => {
    const who = await somebody();
    const begun = (await post('me/mfa/totp', who.token, { name: 'phone' })).body;
    const code = codeAt(rig, begun.secret as string, -1);
    await whileUntold(async () => {
      expect((await post('me/mfa/totp/confirm', who.token, { code })).status).toBe(500);
    });
    expect(await factorsOf(who)).toEqual([]);
    const { factorId, recoveryCodes } = await enrolTotp(rig, who.token);
    const remove = () =>
      rig.send(`me/mfa/totp/${factorId}`, { method: 'DELETE', token: who.token });
    await whileUntold(async () => {
      expect((await remove()).status).toBe(500);
      expect((await post('me/mfa/recovery-codes', who.token)).status).toBe(500);
    });
    expect(await factorsOf(who)).toMatchObject([{ id: factorId }]);
    const login = await rig.send('authentication/login', {
      method: 'POST',
      body: {
        username: who.username,
        password: passwordOf(who.username),
        recoveryCode: recoveryCodes[0],
      },
    });
    expect(login.status).toBe(200);
    expect((await remove()).status).toBe(204);
  });

  it('what a platform admin does to an account', async () => {
    const [admin, who] = [await somebody('PlatformAdmin'), await somebody()];
    await enrolTotp(rig, who.token);
    const reason = { reason: 'they have lost their phone' };
    await whileUntold(async () => {
      for (const [verb, body] of [
        ['disable', {}],
        ['reset-factors', reason],
      ] as const) {
        const path = `platform/users/${who.id}/${verb}`;
        expect((await post(path, admin.token, body)).status).toBe(500);
      }
    });
    expect(await factorsOf(who)).toHaveLength(1);
  });
});

describe('second factors that somebody has lost', () => {
  const reset = (who: string, id: string, body: object) =>
    post(`platform/users/${id}/reset-factors`, who, body);
  const coded = ({ status, body }: Answer) => [status, body?.code ?? null];
  const reason = 'lost phone, known in person';

  it('are taken away by a platform admin with a reason, and their person is told', async () => {
    const mail = catchMail(rig);
    const [admin, who] = [await somebody('PlatformAdmin'), await somebody()];
    const email = `${who.username}@acme.example`;
    await superuser.query('update users set email = $2, email_key = $2 where id = $1', [
      who.id,
      email,
    ]);
    await enrolTotp(rig, who.token);
    expect(coded(await rig.login(who.username))).toEqual([401, 'factor-required']);
    for (const body of [{}, { reason: ' ' }, { reason: 'x'.repeat(501) }]) {
      expect(coded(await reset(admin.token, who.id, body))).toEqual([400, 'validation-failed']);
    }
    const done = await reset(admin.token, who.id, { reason });
    expect([done.status, done.body.id]).toEqual([200, who.id]);
    rig.clock.advance(4_999);
    expect(await isIn(who.token)).toBe(false);
    const told = { to: email, change: 'factors-reset', network: null };
    expect(mail.letters).toEqual([{ kind: 'sendAccountChanged', ...told }]);
    resetClock(rig);
    expect((await rig.login(who.username)).status).toBe(200);
    const { rows } = await superuser.query<{ body: string }>(
      `select body_text as body from audit_entries
       where action = 'account-factors-reset' and subject_id = $1 and tenant_id = $2`,
      [who.id, PLATFORM_TENANT.id],
    );
    const entries = rows.map(({ body }) => JSON.parse(body) as object);
    expect(entries).toMatchObject([{ reason, username: who.username }]);
  });

  it('are not one’s own, and take the right and a fresh proof', async () => {
    const [admin, who] = [await somebody('PlatformAdmin'), await somebody()];
    const refused = await reset(who.token, admin.id, { reason });
    expect(coded(refused)).toEqual([403, 'permission-missing']);
    expect(coded(await reset(admin.token, admin.id, { reason }))).toEqual([409, 'own-account']);
    const nobody = await reset(admin.token, newId(), { reason });
    expect(coded(nobody)).toEqual([404, 'account-not-found']);
    rig.clock.advance(5 * 60_000);
    expect(coded(await reset(admin.token, who.id, { reason }))).toEqual([403, 'step-up-required']);
  });
});
