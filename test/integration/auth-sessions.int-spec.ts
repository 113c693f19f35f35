import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '../../src/platform/context.js';
import { endSessionsIn } from '../../src/tenancy/auth/sessions.store.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';

let rig: IdentityApp;
let acme: string;
let made = 0;

beforeAll(async () => {
  rig = await identityApp();
  acme = await rig.tenant('acme');
}, 60_000);

afterAll(() => rig.close());

async function someone(role: 'Viewer' | 'Deployer' = 'Viewer') {
  const username = `person-${(made += 1)}`;
  const id = await rig.user(username, { acme: [role] });
  const { body } = await rig.login(username);
  return { id, username, accessToken: body.accessToken, refreshToken: body.refreshToken };
}

const refresh = (refreshToken: string) =>
  rig.send('authentication/refresh', { method: 'POST', body: { refreshToken } });
const me = (token: string) => rig.send('authentication/me', { token });

describe('a refresh token', () => {
  it('gives a new pair, and the new one works in turn', async () => {
    const person = await someone();
    const first = await refresh(person.refreshToken);
    expect(first.status).toBe(200);
    expect(first.body.refreshToken).not.toBe(person.refreshToken);
    expect((await me(first.body.accessToken)).body.username).toBe(person.username);
    const second = await refresh(first.body.refreshToken);
    expect(second.status).toBe(200);
  });

  it('used twice at the same moment gives both the same successor', async () => {
    const person = await someone();
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(person.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect((await refresh(answers[0]!.body.refreshToken)).status).toBe(200);
  });

  it('that comes again after ten seconds ends the session, the successor included', async () => {
    const person = await someone();
    const { body } = await refresh(person.refreshToken);
    rig.clock.advance(10_001);
    const reused = await refresh(person.refreshToken);
    expect([reused.status, reused.body.code]).toEqual([401, 'refresh-refused']);
    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await me(body.accessToken)).status).toBe(401);
  });

  it('older than the one before ends the session even within ten seconds', async () => {
    const person = await someone();
    const second = await refresh(person.refreshToken);
    const third = await refresh(second.body.refreshToken);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await refresh(third.body.refreshToken)).status).toBe(401);
  });

  it('is over after a week, however often it was used', async () => {
    const person = await someone();
    let current = person.refreshToken;
    for (let day = 0; day < 6; day += 1) {
      rig.clock.advance(24 * 3_600_000);
      const { status, body } = await refresh(current);
      expect(status).toBe(200);
      current = body.refreshToken;
    }
    rig.clock.advance(24 * 3_600_000);
    expect((await refresh(current)).status).toBe(401);
    rig.clock.advance(-7 * 24 * 3_600_000);
  });

  it.each([
    ['garbage', 'garbage'],
    ['an unknown token', `tgr_${'0'.repeat(32)}_${'0'.repeat(64)}`],
    ['quotes', `' or 1=1 --`],
  ])('refuses %s', async (_, token) => {
    const answer = await refresh(token);
    expect([answer.status, answer.body.code]).toEqual([401, 'refresh-refused']);
  });

  it('is no access token, and an access token is no refresh token', async () => {
    const person = await someone();
    expect((await me(person.refreshToken)).status).toBe(401);
    const answer = await refresh(person.accessToken.slice(0, 200));
    expect(answer.status).toBe(401);
    // Neither attempt did the session any harm.
    expect((await refresh(person.refreshToken)).status).toBe(200);
  });

  it('is nowhere in the database', async () => {
    const person = await someone();
    const { body } = await refresh(person.refreshToken);
    const rows = await rig.db.system((tx) =>
      tx.query(`select c::text as row from credentials c where subject_id = $1`, [person.id]),
    );
    const stored = JSON.stringify(rows);
    for (const token of [person.refreshToken, body.refreshToken]) {
      for (const part of token.split('_').slice(1)) expect(stored).not.toContain(part);
    }
    expect(rows).toHaveLength(1);
  });
});

describe('sign-in ends', () => {
  it('with a logout, at once in this process, and for this session only', async () => {
    const person = await someone();
    const other = (await rig.login(person.username)).body;
    expect((await me(person.accessToken)).status).toBe(200);
    const answer = await rig.send('authentication/logout', {
      method: 'POST',
      token: person.accessToken,
    });
    expect([answer.status, answer.body]).toEqual([204, null]);
    expect((await me(person.accessToken)).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await me(other.accessToken)).status).toBe(200);
  });

  it('within five seconds of a role that was taken away', async () => {
    const person = await someone('Deployer');
    expect((await me(person.accessToken)).body.roles).toEqual(['Deployer']);
    await rig.db.transaction(Context.system(acme, 'test'), async (open) => {
      await removeRolesOf(open, { kind: 'user', id: person.id });
      await bindRole(open, { role: 'Viewer', subject: { kind: 'user', id: person.id } });
    });
    rig.clock.advance(4_999);
    const { body } = await me(person.accessToken);
    expect(body.roles).toEqual(['Viewer']);
    expect(body.permissions).not.toContain('deployments:create');
    await rig.db.system((tx) =>
      tx.execute(`delete from memberships where user_id = $1`, [person.id]),
    );
    rig.clock.advance(4_999);
    expect((await me(person.accessToken)).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(401);
  });

  it('for all of a person’s sessions in the tenant but the one that asks', async () => {
    const person = await someone();
    const other = (await rig.login(person.username)).body;
    const neighbour = await someone();
    const { sid } = JSON.parse(
      Buffer.from(person.accessToken.split('.')[1], 'base64url').toString(),
    ) as { sid: string };
    const ctx = Context.system(acme, 'test');
    expect(await rig.db.transaction(ctx, (open) => endSessionsIn(open, person.id, sid))).toBe(1);
    rig.clock.advance(4_999);
    expect((await me(other.accessToken)).status).toBe(401);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect((await me(person.accessToken)).status).toBe(200);
    expect((await me(neighbour.accessToken)).status).toBe(200);
  });

  it('within five seconds of an account that was disabled', async () => {
    const person = await someone();
    expect((await me(person.accessToken)).status).toBe(200);
    await rig.db.system((tx) =>
      tx.execute('update users set disabled_at = now() where id = $1', [person.id]),
    );
    rig.clock.advance(4_999);
    expect((await me(person.accessToken)).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(401);
  });

  it('for the oldest of more than fifty sessions', async () => {
    const person = await someone();
    await rig.db.system((tx) =>
      tx.execute(
        `insert into credentials (hash, tenant_id, kind, subject_id, data, created_at, expires_at)
         select md5(n::text || $1::text), tenant_id, kind, subject_id, data,
           created_at + n * interval '1 ms', expires_at
         from credentials, generate_series(1, 60) n where subject_id = $1::uuid`,
        [person.id],
      ),
    );
    rig.clock.advance(1000);
    const newest = (await rig.login(person.username)).body;
    rig.clock.advance(5000);
    expect((await me(newest.accessToken)).status).toBe(200);
    expect((await refresh(person.refreshToken)).status).toBe(401);
  });
});
