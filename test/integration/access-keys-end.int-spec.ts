/** How access keys come to their end: rotated, revoked, shown afterwards (statement 17). */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { KeyUses } from '../../src/tenancy/access-keys/key-uses.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { insertMembership } from '../../src/tenancy/users/memberships.store.js';
import { enrolTotp } from '../support/second-factors.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { KeyPeople, type Person } from '../support/key-people.js';

let rig: IdentityApp;
let people: KeyPeople;
beforeAll(async () => {
  rig = await identityApp();
  people = new KeyPeople(rig);
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => people.holdClock());
afterEach(() => void jest.restoreAllMocks());

const read = (token: string, headers: Record<string, string> = {}, address = '127.0.0.1') =>
  rig.send('authentication/me', { token, headers, address });
const statusOf = async (token: string) => (await read(token)).status;

describe('rotating an access key', () => {
  it('makes one that may do the same, and leaves the old one good through the overlap', async () => {
    const maker = await people.person();
    const old = (await maker.make({ modules: ['orders'], expiresInDays: 30 })).body;
    const path = `access-keys/${old.id}/rotate`;
    const { status, body } = await maker.send('POST', path, { overlapSeconds: 60 });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'ci', modules: ['orders'], rotatedFrom: old.id });
    expect(body.secret).not.toBe(old.secret);
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(30 * 86_400_000);
    expect([await statusOf(old.secret), await statusOf(body.secret)]).toEqual([200, 200]);
    const twice = await maker.send('POST', path, { overlapSeconds: 60 });
    expect([twice.status, twice.body.code]).toEqual([409, 'access-key-rotated']);
    people.later(59_000);
    expect(await statusOf(old.secret)).toBe(200);
    people.later(1_000);
    expect([await statusOf(old.secret), await statusOf(body.secret)]).toEqual([401, 200]);
    const late = await maker.send('POST', path, { overlapSeconds: 60 });
    expect(late.body.code).toBe('access-key-rotated');
  });

  it('without an overlap ends the old one at once; one that is over is not rotated', async () => {
    const maker = await people.person();
    const old = (await maker.make()).body;
    const rotate = (id: string, overlapSeconds = 0) =>
      maker.send('POST', `access-keys/${id}/rotate`, { overlapSeconds });
    expect(await statusOf(old.secret)).toBe(200);
    const next = (await rotate(old.id)).body;
    expect([await statusOf(old.secret), await statusOf(next.secret)]).toEqual([401, 200]);
    await maker.send('DELETE', `access-keys/${next.id}`);
    expect((await rotate(next.id)).body.code).toBe('access-key-over');
    expect((await rotate(next.id, 604_801)).body.code).toBe('validation-failed');
    expect((await rotate(newId())).status).toBe(404);
  });

  it('gives one answer to two at once', async () => {
    const maker = await people.person();
    const old = (await maker.make()).body;
    const rotate = () => maker.send('POST', `access-keys/${old.id}/rotate`, {});
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  it('is refused once the maker has less than the key, and to everybody else', async () => {
    const maker = await people.person('Admin');
    const [boss, deployer] = [
      await people.person('Admin', maker),
      await people.person('Deployer', maker),
    ];
    const { id } = (await maker.make({ permissions: 'admin' })).body;
    const byBoss = await boss.send('POST', `access-keys/${id}/rotate`, {});
    expect([byBoss.status, byBoss.body.code]).toEqual([403, 'access-key-not-yours']);
    const byOther = await deployer.send('POST', `access-keys/${id}/rotate`, {});
    expect([byOther.status, byOther.body.code]).toEqual([404, 'access-key-not-found']);
    const subject = { kind: 'user', id: maker.id } as const;
    await people.inTenant(maker, async (open) => {
      await removeRolesOf(open, subject);
      await bindRole(open, { role: 'Deployer', subject });
    });
    people.later();
    const wide = await maker.send('POST', `access-keys/${id}/rotate`, {});
    expect([wide.status, wide.body.code]).toEqual([403, 'access-key-too-wide']);
  });
});

describe('revoking an access key', () => {
  it('ends it here at once, and everywhere within five seconds', async () => {
    const maker = await people.person();
    const { secret, id } = (await maker.make()).body;
    expect(await statusOf(secret)).toBe(200);
    expect((await maker.send('DELETE', `access-keys/${id}`)).status).toBe(204);
    expect(await statusOf(secret)).toBe(401);
    expect((await maker.send('DELETE', `access-keys/${id}`)).status).toBe(204);
    // Revoked by another process: this one remembers for four seconds.
    const other = (await maker.make()).body;
    expect(await statusOf(other.secret)).toBe(200);
    await people.sql(`update access_keys set revoked_at = now() where id = '${other.id}'`);
    people.later(4_000);
    expect(await statusOf(other.secret)).toBe(401);
  });

  it('is told in the audit log, and so is who goes on showing it, once a minute', async () => {
    const maker = await people.person();
    const { secret, id } = (await maker.make()).body;
    await maker.send('DELETE', `access-keys/${id}`);
    const show = async (times: number) => {
      for (let time = 0; time < times; time += 1) await read(secret, {}, '198.51.100.9');
      await rig.app.get(KeyUses).settled();
    };
    await show(3);
    expect(await people.refusalsOf(id)).toEqual([
      { name: 'ci', reason: 'revoked', network: '198.51.100.0/24' },
    ]);
    people.later(60_000);
    await show(2);
    expect(await people.refusalsOf(id)).toHaveLength(2);
    const actions = (await people.auditOf(id)).map(
      ({ action, result }) => `${String(action)} ${String(result)}`,
    );
    expect(actions).toEqual([
      'access-key-created allowed',
      'access-key-revoked allowed',
      'access-key-refused denied',
      'access-key-refused denied',
    ]);
    expect(JSON.stringify(await people.auditOf(id))).not.toContain(secret);
  });

  it('is for its owner, who manages keys, and the key itself', async () => {
    const owner = await people.person();
    const [other, admin] = [
      await people.person('Deployer', owner),
      await people.person('Admin', owner),
    ];
    const stranger = await people.person('Admin');
    const [one, two, three] = [
      (await owner.make()).body,
      (await owner.make()).body,
      (await other.make()).body,
    ];
    const ids = async (who: Person) =>
      ((await who.send('GET', 'access-keys')).body.items as { id: string }[])
        .map(({ id }) => id)
        .sort();
    expect(await ids(owner)).toEqual([one.id, two.id].sort());
    expect(await ids(admin)).toEqual([one.id, two.id, three.id].sort());
    expect(await ids(stranger)).toEqual([]);
    // A random id gets the same answer, to the letter.
    const nothing = (await other.send('DELETE', `access-keys/${newId()}`)).body;
    for (const who of [other, stranger]) {
      for (const method of ['GET', 'DELETE'] as const) {
        const { status, body } = await who.send(method, `access-keys/${one.id}`);
        expect([status, body.code, body.detail]).toEqual([404, nothing.code, nothing.detail]);
      }
    }
    const byKey = (method: 'GET' | 'DELETE', path: string) =>
      rig.send(path, { method, token: one.secret });
    expect((await byKey('GET', 'access-keys')).body.items).toMatchObject([{ id: one.id }]);
    expect((await byKey('DELETE', `access-keys/${two.id}`)).status).toBe(404);
    expect((await byKey('DELETE', `access-keys/${one.id}`)).status).toBe(204);
    expect((await admin.send('DELETE', `access-keys/${two.id}`)).status).toBe(204);
    expect([await statusOf(one.secret), await statusOf(two.secret)]).toEqual([401, 401]);
  });
});

describe('an access key whose owner is not what they were', () => {
  it('is revoked with a removal from the tenant, and does not come back with the person', async () => {
    const boss = await people.person('Admin');
    const member = await people.person('Deployer', boss);
    const { secret, id } = (await member.make()).body;
    expect(await statusOf(secret)).toBe(200);
    expect((await boss.send('DELETE', `users/${member.id}`)).status).toBe(204);
    people.later();
    expect(await statusOf(secret)).toBe(401);
    const actions = (await people.auditOf(id)).map(({ action }) => action);
    expect(actions).toContain('access-key-revoked');
    await people.inTenant(boss, async (open) => {
      await insertMembership(open, member.id);
      await bindRole(open, { role: 'Deployer', subject: { kind: 'user', id: member.id } });
    });
    people.later();
    expect(await statusOf(secret)).toBe(401);
    const again = (await rig.login(member.name)).body.accessToken as string;
    const fresh = await rig.send('access-keys', {
      method: 'POST',
      token: again,
      body: { name: 'ci', permissions: 'deploy' },
    });
    expect([fresh.status, await statusOf(fresh.body.secret)]).toEqual([201, 200]);
  });

  it('stops while the tenant demands a second factor that its owner does not have', async () => {
    const boss = await people.person('Admin');
    const member = await people.person('Deployer', boss);
    const { secret, id } = (await member.make()).body;
    expect(await statusOf(secret)).toBe(200);
    const rules = { mfaRequiredRoles: ['Deployer'], allowedNetworks: [] };
    const put = await boss.send('PUT', 'security-policy', rules, { 'if-match': '"0"' });
    expect(put.status).toBe(200);
    people.later();
    const refused = await read(secret);
    expect([refused.status, refused.body.code]).toEqual([403, 'access-key-owner-without-factor']);
    expect(refused.body.detail).toContain('tidegate mfa enrol-totp');
    await rig.app.get(KeyUses).settled();
    expect(await people.refusalsOf(id)).toMatchObject([{ reason: 'owner-factor' }]);
    await enrolTotp(rig, member.token);
    people.later();
    expect(await statusOf(secret)).toBe(200);
  });
});
