/** Access keys over HTTP: how they are made, and what they are good for (statement 17). */
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
import { Controller, Get, Post } from '@nestjs/common';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { Permission } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import { Allow, PersonOnly } from '../../src/platform/http/access.js';
import { Ctx } from '../../src/platform/http/ctx.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { newKeyText } from '../../src/tenancy/access-keys/key-text.js';
import { KeyUses } from '../../src/tenancy/access-keys/key-uses.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { KeyPeople, type Person } from '../support/key-people.js';

@Controller('probe')
class ProbeController {
  @Get('read')
  @Allow(Permission.DeploymentsRead)
  read(@Ctx() { tenantId, actor, grants }: Context) {
    return { tenantId, actor, permissions: [...grants.permissions].sort(), all: grants.all };
  }

  @Post('deploy')
  @Allow(Permission.DeploymentsCreate)
  deploy(@Ctx() ctx: Context) {
    return { isQa: ctx.can(Permission.DeploymentsCreate, { module: 'orders', environment: 'QA' }) };
  }

  @Get('person')
  @PersonOnly()
  person() {
    return {};
  }
}

let rig: IdentityApp;
let people: KeyPeople;
beforeAll(async () => {
  rig = await identityApp({ isUnchecked: true, controllers: [ProbeController] });
  people = new KeyPeople(rig);
}, 60_000);
afterAll(() => rig.close());
beforeEach(() => people.holdClock());
afterEach(() => void jest.restoreAllMocks());

const read = (token: string, headers: Record<string, string> = {}, address = '127.0.0.1') =>
  rig.send('probe/read', { token, headers, address });
const statusOf = async (token: string) => (await read(token)).status;

describe('making an access key', () => {
  it('shows it once, and keeps a hash of it and its beginning', async () => {
    const maker = await people.person();
    const { status, body } = await maker.make({
      modules: ['orders'],
      environments: ['QA'],
      metadata: { repository: 'acme/orders' },
    });
    expect([status, body.secret]).toEqual([201, expect.stringMatching(/^tg_[0-9A-Za-z]{36}$/)]);
    expect(body).toMatchObject({
      prefix: body.secret.slice(0, 11),
      ownerKind: 'user',
      ownerId: maker.id,
      permissionSet: 'deploy',
      modules: ['orders'],
      environments: ['QA'],
      metadata: { repository: 'acme/orders' },
      state: 'good',
      lastUsedAt: null,
    });
    const days = (Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / 86_400_000;
    expect(days).toBe(limits.accessKeyDaysDefault);
    const { secret, ...shown } = body;
    expect((await maker.send('GET', `access-keys/${body.id}`)).body).toEqual(shown);
    expect((await maker.send('GET', 'access-keys')).body.items).toEqual([shown]);
    const dump = JSON.stringify(await everythingOf(maker.tenantId));
    expect(dump).toContain(body.prefix);
    expect(dump).not.toContain(secret);
  });

  it('is for people who have just shown once more that it is they', async () => {
    const maker = await people.person('Admin');
    const key = (await maker.make({ permissions: 'admin' })).body.secret;
    const byKey = await rig.send('access-keys', {
      method: 'POST',
      token: key,
      body: { name: 'x', permissions: 'read-only' },
    });
    expect([byKey.status, byKey.body.code]).toEqual([403, 'people-only']);
    people.later(5 * 60_000);
    const stale = await maker.make();
    expect([stale.status, stale.body.code]).toEqual([403, 'step-up-required']);
  });

  it('refuses more than its maker has, and names it', async () => {
    const maker = await people.person();
    const admin = await maker.make({ permissions: 'admin' });
    expect([admin.status, admin.body.code]).toEqual([403, 'access-key-too-wide']);
    expect(admin.body.details.permissions).toContain('fleet:manage');
    expect(admin.body.details.permissions).not.toContain('deployments:create');
    const viewer = await people.person('Viewer', maker);
    expect((await viewer.make({ permissions: 'read-only' })).body.code).toBe('permission-missing');
    await people.inTenant(maker, async (open) => {
      const subject = { kind: 'user', id: maker.id } as const;
      await removeRolesOf(open, subject);
      const scope = { modules: ['orders'], environments: ['QA'] };
      await bindRole(open, { role: 'Deployer', subject, scope });
    });
    people.later();
    expect((await maker.make()).body.code).toBe('access-key-too-wide');
    const scope = { modules: ['orders'], environments: ['QA'] };
    expect((await maker.make(scope)).status).toBe(201);
  });

  it.each<[string, object]>([
    ['no name', { name: '' }],
    ['a name that is a command to a terminal', { name: 'a\u001b[2J' }],
    ['a key as its name', { name: newKeyText() }],
    ['a key in its metadata', { metadata: { note: `see ${newKeyText()}` } }],
    ['an unknown set', { permissions: 'everything' }],
    ['no permission', { permissions: [] }],
    ['a permission of the platform', { permissions: ['tenants:manage'] }],
    ['an unknown field', { tenantId: newId() }],
    ['another owner', { ownerId: newId() }],
    ['no module', { modules: [] }],
    ['more than a year', { expiresInDays: 366 }],
    ['no life', { expiresInDays: 0 }],
    ['a network that is none', { allowedNetworks: ['10.0.0.0/33'] }],
    ['a network that is all of them', { allowedNetworks: ['0.0.0.0/0'] }],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, ''])) },
    ],
  ])('refuses %s', async (_what, body) => {
    const { status, body: problem } = await (await people.person()).make(body);
    expect([status, problem.code]).toEqual([400, 'validation-failed']);
    expect(JSON.stringify(problem)).not.toMatch(/tg_[0-9A-Za-z]{30}/);
  });

  it('takes no Idempotency-Key, for the answer would have to be kept', async () => {
    const maker = await people.person();
    const { status, body } = await maker.make({}, { 'idempotency-key': 'k-1' });
    expect([status, body.code]).toEqual([400, 'idempotency-key-refused']);
    expect((await maker.send('GET', 'access-keys')).body.items).toEqual([]);
  });

  it('has an end, for each owner', async () => {
    const maker = await people.person();
    jest.replaceProperty(limits, 'accessKeysPerOwner', 2 as never);
    try {
      const made = await Promise.all([maker.make(), maker.make(), maker.make(), maker.make()]);
      expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429]);
      const [one] = made.filter(({ status }) => status === 201);
      await maker.send('DELETE', `access-keys/${one!.body.id}`);
      expect((await maker.make()).status).toBe(201);
    } finally {
      jest.restoreAllMocks();
    }
  });
});

describe('an access key', () => {
  it('acts as itself, for its maker, in its tenant, and says who it is', async () => {
    const maker = await people.person();
    const { secret, id } = (await maker.make({ permissions: 'operate' })).body;
    const { status, body } = await read(secret);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      tenantId: maker.tenantId,
      actor: { kind: 'access-key', id, name: 'key:ci', personId: maker.id },
    });
    const me = await rig.send('authentication/me', { token: secret });
    expect(me.body).toMatchObject({
      username: 'key:ci',
      tenant: maker.slug,
      roles: [],
      permissions: body.permissions,
      accessKey: { id, name: 'ci', ownerKind: 'user', expiresAt: expect.any(String) },
    });
    const deploy = await rig.send('probe/deploy', { method: 'POST', token: secret });
    expect([deploy.status, deploy.body.code]).toEqual([403, 'permission-missing']);
    const person_ = await rig.send('probe/person', { token: secret });
    expect([person_.status, person_.body.code]).toEqual([403, 'people-only']);
  });

  it('stays in its tenant, whatever X-Tenant says', async () => {
    const [maker, other] = [await people.person('Admin'), await people.person('Admin')];
    const { secret } = (await maker.make({ permissions: 'admin' })).body;
    const headers = { 'x-tenant': other.slug, 'x-act-as-reason': 'because' };
    const { status, body } = await read(secret, headers);
    expect([status, body.code]).toEqual([403, 'tenant-mismatch']);
    expect((await read(secret, { 'x-tenant': maker.slug })).status).toBe(200);
  });

  it('is cut down to what its maker holds at each use, within five seconds', async () => {
    const maker = await people.person();
    const { secret } = (await maker.make()).body;
    expect((await rig.send('probe/deploy', { method: 'POST', token: secret })).status).toBe(201);
    const subject = { kind: 'user', id: maker.id } as const;
    await people.inTenant(maker, async (open) => {
      await removeRolesOf(open, subject);
      await bindRole(open, { role: 'Viewer', subject });
    });
    people.later();
    expect((await read(secret)).body.permissions).toEqual([
      'approvals:read',
      'configurations:read',
      'deployments:read',
      'environments:read',
      'fleet:read',
      'releases:read',
      'settings:read',
    ]);
    expect((await rig.send('probe/deploy', { method: 'POST', token: secret })).status).toBe(403);
    // What comes back to the maker comes back to the key, and what is new to them does not.
    await people.inTenant(maker, (open) => bindRole(open, { role: 'Admin', subject }));
    people.later();
    const { permissions } = (await read(secret)).body;
    expect(permissions).toContain('deployments:create');
    expect(permissions).not.toContain('fleet:manage');
  });

  it('counts where its own scope and its maker’s meet', async () => {
    const maker = await people.person();
    const { secret } = (await maker.make({ modules: ['orders', 'stock'] })).body;
    await people.inTenant(maker, async (open) => {
      const subject = { kind: 'user', id: maker.id } as const;
      await removeRolesOf(open, subject);
      const scope = { modules: ['orders', 'billing'], environments: ['QA'] };
      await bindRole(open, { role: 'Deployer', subject, scope });
    });
    people.later();
    const { all } = (await read(secret)).body;
    expect(all).toMatchObject([{ modules: ['orders'], environments: ['QA'] }]);
    const { body } = await rig.send('probe/deploy', { method: 'POST', token: secret });
    expect(body).toEqual({ isQa: true });
  });

  it.each<[string, (maker: Person) => Promise<unknown>, number]>([
    [
      'disabled',
      (maker) => people.sql('update users set disabled_at = now() where id = $1', [maker.id]),
      401,
    ],
    [
      'removed from the tenant',
      (maker) => people.sql(`delete from memberships where user_id = '${maker.id}'`),
      401,
    ],
    [
      'without any role',
      (maker) => people.sql(`delete from role_bindings where subject_id = '${maker.id}'`),
      401,
    ],
    [
      'of a tenant that is deleted and may come back',
      (maker) =>
        people.sql(`update tenants set status = 'deleting' where id = '${maker.tenantId}'`),
      401,
    ],
    [
      'of a deleted tenant',
      (maker) => people.sql(`update tenants set status = 'deleted' where id = '${maker.tenantId}'`),
      401,
    ],
  ])('is dead when its maker is %s', async (_what, change, status) => {
    const maker = await people.person();
    const { secret } = (await maker.make()).body;
    expect(await statusOf(secret)).toBe(200);
    await change(maker);
    people.later();
    expect(await statusOf(secret)).toBe(status);
  });

  it('ends with its time, to the second, also while it is remembered', async () => {
    const maker = await people.person();
    const { secret, id } = (await maker.make({ expiresInDays: 1 })).body;
    people.later(86_400_000 - 1_000);
    expect(await statusOf(secret)).toBe(200);
    people.later(1_000);
    expect(await statusOf(secret)).toBe(401);
    await rig.app.get(KeyUses).settled();
    expect(await people.refusalsOf(id)).toMatchObject([{ reason: 'expired' }]);
    const again = (await rig.login(maker.name)).body.accessToken as string;
    const { body } = await rig.send(`access-keys/${id}`, { token: again });
    expect(body).toMatchObject({ state: 'expired', lastRefusedAt: expect.any(String) });
  });

  it('is good from its networks only', async () => {
    const maker = await people.person();
    const allowedNetworks = ['203.0.113.0/24', '2001:db8::/32'];
    const { secret, id } = (await maker.make({ allowedNetworks })).body;
    expect((await read(secret, {}, '203.0.113.9')).status).toBe(200);
    expect((await read(secret, {}, '2001:db8::7')).status).toBe(200);
    for (const address of ['198.51.100.1', '::1', '127.0.0.1']) {
      const { status, body } = await read(secret, {}, address);
      expect([address, status, body.code]).toEqual([address, 403, 'access-key-network-refused']);
    }
    // A header is not an address, unless a trusted proxy has written it.
    const forged = await read(secret, { 'x-forwarded-for': '203.0.113.9' }, '198.51.100.1');
    expect(forged.status).toBe(403);
    await rig.app.get(KeyUses).settled();
    expect(await people.refusalsOf(id)).toMatchObject([{ reason: 'network' }]);
  });

  it('shows when and from where it was used, written at most once a minute', async () => {
    const maker = await people.person();
    const { secret, id } = (await maker.make()).body;
    const usedAt = async () => {
      await rig.app.get(KeyUses).settled();
      return (await maker.send('GET', `access-keys/${id}`)).body.lastUsedAt as string;
    };
    const began = rig.clock.now();
    await read(secret, {}, '198.51.100.7');
    expect(await usedAt()).toBe(new Date(began).toISOString());
    const { body } = await maker.send('GET', `access-keys/${id}`);
    expect(body.lastUsedNetwork).toBe('198.51.100.0/24');
    people.later(30_000);
    await read(secret);
    expect(await usedAt()).toBe(new Date(began).toISOString());
    people.later(30_000);
    await read(secret);
    expect(await usedAt()).toBe(new Date(began + 60_000).toISOString());
  });
});

describe('a text that is no key', () => {
  it('is refused by its checksum without a statement (statement 17)', async () => {
    const good = newKeyText();
    const texts = ['tg_', 'tg_x', good.slice(0, -1), `${good}0`, `${good.slice(0, -1)}-`];
    texts.push(good.slice(0, 20) + (good[20] === 'a' ? 'b' : 'a') + good.slice(21));
    const asked = [jest.spyOn(rig.db, 'system'), jest.spyOn(rig.db, 'transaction')];
    try {
      for (const text of texts) expect([text, await statusOf(text)]).toEqual([text, 401]);
      for (const spy of asked) expect(spy).not.toHaveBeenCalled();
      // The spies see what they should.
      expect(await statusOf(good)).toBe(401);
      expect(asked[0]).toHaveBeenCalledTimes(1);
      // The same again is remembered for what it is.
      expect(await statusOf(good)).toBe(401);
      expect(asked[0]).toHaveBeenCalledTimes(1);
    } finally {
      jest.restoreAllMocks();
    }
  });

  it('costs two statements when it is good, and none while that is remembered', async () => {
    const maker = await people.person();
    const { secret } = (await maker.make()).body;
    await read(secret);
    await rig.app.get(KeyUses).settled();
    people.later();
    const system = jest.spyOn(rig.db, 'system');
    const transaction = jest.spyOn(rig.db, 'transaction');
    try {
      await Promise.all([read(secret), read(secret), read(secret)]);
      await read(secret);
      // What the key is, and what its tenant demands: each once in four seconds.
      expect(system).toHaveBeenCalledTimes(2);
      expect(transaction).not.toHaveBeenCalled();
    } finally {
      jest.restoreAllMocks();
    }
  });

  it('is counted by what became of it, and by no name', async () => {
    const { text } = await rig.app.get(Metrics).expose(undefined);
    const lines = text.split('\n').filter((line) => line.startsWith('tidegate_access_key_looks'));
    const outcomes = lines.map((line) => /outcome="([^"]+)"/.exec(line)?.[1]);
    expect(outcomes).toEqual(expect.arrayContaining(['good', 'malformed', 'unknown', 'network']));
    expect(lines.join()).not.toContain('ci');
  });
});

async function everythingOf(tenantId: string) {
  const tables = ['access_keys', 'audit_entries', 'idempotency_keys', 'events', 'outbox'];
  return Promise.all(
    tables.map((table) => people.sql(`select * from ${table} where tenant_id = $1`, [tenantId])),
  );
}
