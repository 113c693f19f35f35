/** Service accounts: what they may do by their keys, and that nobody gets by them what they do not have. */
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
import { limits } from '../../src/kernel/limits.js';
import type { Role } from '../../src/kernel/permission.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { type IdentityApp, identityApp } from '../support/identity-app.js';
import { KeyPeople, type Person } from '../support/key-people.js';

let rig: IdentityApp;
let people: KeyPeople;
let admin: Person;
beforeAll(async () => {
  rig = await identityApp();
  people = new KeyPeople(rig);
}, 60_000);
afterAll(() => rig.close());
beforeEach(async () => {
  people.holdClock();
  admin = await people.person('Admin');
});
afterEach(() => void jest.restoreAllMocks());

const account = async (name = `a-${newId()}`) =>
  (await admin.send('POST', 'service-accounts', { name })).body as { id: string; name: string };
const keyOf = (id: string, body: object = {}, by = admin) =>
  by.send('POST', `service-accounts/${id}/access-keys`, {
    name: 'night',
    permissions: 'deploy',
    ...body,
  });
const give = (id: string, role: Role, scope?: { modules: string[]; environments: null }) =>
  people.inTenant(admin, (open) =>
    bindRole(open, { role, subject: { kind: 'service-account', id }, ...(scope && { scope }) }),
  );
const me = (token: string) => rig.send('authentication/me', { token });
const permissionsOf = async (token: string) => (await me(token)).body.permissions as string[];

describe('a service account', () => {
  it('is made, renamed with If-Match, disabled, enabled and deleted, each in the audit log', async () => {
    const { id } = await account('nightly');
    const twice = await admin.send('POST', 'service-accounts', { name: 'NIGHTLY' });
    expect([twice.status, twice.body.code]).toEqual([409, 'service-account-exists']);
    const path = `service-accounts/${id}`;
    const rename = (version: string | undefined, name = 'weekly') =>
      admin.send('PUT', path, { name }, version === undefined ? {} : { 'if-match': version });
    expect((await rename(undefined)).status).toBe(428);
    expect((await rename('"7"')).body.code).toBe('version-mismatch');
    const renamed = await rename('"1"');
    expect([renamed.status, renamed.body.name, renamed.headers['etag']]).toEqual([
      200,
      'weekly',
      '"2"',
    ]);
    await account('other');
    expect((await rename('"2"', 'Other')).body.code).toBe('service-account-exists');
    const disabled = await admin.send('POST', `${path}/disable`);
    expect(disabled.body.disabledAt).toEqual(expect.any(String));
    expect((await admin.send('POST', `${path}/disable`)).body).toEqual(disabled.body);
    expect((await admin.send('POST', `${path}/enable`)).body.disabledAt).toBeNull();
    expect((await admin.send('DELETE', path)).status).toBe(204);
    expect((await admin.send('GET', path)).body.code).toBe('service-account-not-found');
    expect((await people.auditOf(id)).map(({ action }) => action)).toEqual([
      'service-account-created',
      'service-account-changed',
      'service-account-disabled',
      'service-account-enabled',
      'service-account-deleted',
    ]);
  });

  it('is the same for a request that is repeated, and has an end', async () => {
    jest.replaceProperty(limits, 'serviceAccountsPerTenant', 1 as never);
    const make = (name: string, key: string) =>
      admin.send('POST', 'service-accounts', { name }, { 'idempotency-key': key });
    const first = await make('one', 'k');
    expect((await make('one', 'k')).body).toEqual(first.body);
    expect((await make('two', 'l')).body.code).toBe('service-account-limit');
  });

  it('is not there for others: who may not, and another tenant’s Admin', async () => {
    const { id } = await account();
    const deployer = await people.person('Deployer', admin);
    expect((await deployer.send('GET', 'service-accounts')).body.code).toBe('permission-missing');
    const stranger = await people.person('Admin');
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/disable'],
      ['GET', '/access-keys'],
    ] as const) {
      const of = (which: string) => stranger.send(method, `service-accounts/${which}${path}`);
      const [theirs, random] = [await of(id), await of(newId())];
      expect([theirs.status, theirs.body.detail]).toEqual([404, random.body.detail]);
    }
    expect((await keyOf(id, {}, stranger)).status).toBe(404);
  });
});

describe('a key of a service account', () => {
  it('has of its set what the roles of the account hold at that moment', async () => {
    const { id, name } = await account();
    const { status, body } = await keyOf(id);
    expect([status, body.ownerKind, body.ownerName]).toEqual([201, 'service-account', name]);
    // Without a role it is somebody, and may do nothing.
    expect((await me(body.secret)).body).toMatchObject({
      permissions: [],
      accessKey: { ownerKind: 'service-account', ownerName: name },
    });
    await give(id, 'Viewer');
    people.later();
    expect(await permissionsOf(body.secret)).toContain('deployments:read');
    expect(await permissionsOf(body.secret)).not.toContain('deployments:create');
    await give(id, 'Admin');
    people.later();
    expect(await permissionsOf(body.secret)).toContain('deployments:create');
    expect(await permissionsOf(body.secret)).not.toContain('fleet:manage');
    await people.inTenant(admin, (open) => removeRolesOf(open, { kind: 'service-account', id }));
    people.later();
    expect(await permissionsOf(body.secret)).toEqual([]);
  });

  it('does not die with its maker, and dies with its account', async () => {
    const other = await people.person('Admin', admin);
    const { id } = await account();
    await give(id, 'Viewer');
    const { secret } = (await keyOf(id, {}, other)).body;
    await people.sql('update users set disabled_at = now() where id = $1', [other.id]);
    await people.sql('delete from memberships where user_id = $1', [other.id]);
    people.later();
    expect((await me(secret)).status).toBe(200);
    const path = `service-accounts/${id}`;
    await admin.send('POST', `${path}/disable`);
    people.later();
    expect((await me(secret)).status).toBe(401);
    expect((await keyOf(id)).body.code).toBe('service-account-disabled');
    await admin.send('POST', `${path}/enable`);
    people.later();
    expect((await me(secret)).status).toBe(200);
    await admin.send('DELETE', path);
    // At once here, for this process has been told.
    expect((await me(secret)).status).toBe(401);
    const { items } = (await admin.send('GET', 'access-keys')).body;
    expect(items).toMatchObject([{ state: 'revoked', ownerName: null }]);
  });

  it('is made with a fresh proof, by people, within what they hold themselves', async () => {
    const { id } = await account();
    await give(id, 'Admin');
    const key = (await keyOf(id, { permissions: 'admin' })).body.secret as string;
    const byKey = await rig.send(`service-accounts/${id}/access-keys`, {
      method: 'POST',
      token: key,
      body: { name: 'child', permissions: 'read-only' },
    });
    expect([byKey.status, byKey.body.code]).toEqual([403, 'people-only']);
    const manager = await people.person('Viewer', admin);
    await people.sql(
      `with role as (insert into roles (tenant_id, id, name, name_key, permissions)
         values ($1, gen_random_uuid(), 'keeper', 'keeper',
           '{service-accounts:manage,access-keys:create,deployments:read}') returning id)
       insert into role_bindings (tenant_id, id, role_id, subject_kind, subject_id)
       select $1, gen_random_uuid(), id, 'user', $2 from role`,
      [admin.tenantId, manager.id],
    );
    people.later();
    const wide = await keyOf(id, { permissions: 'admin' }, manager);
    expect([wide.status, wide.body.code]).toEqual([403, 'access-key-too-wide']);
    expect((await keyOf(id, { permissions: ['deployments:read'] }, manager)).status).toBe(201);
    // Nor by rotating what somebody else has made.
    const { items } = (await admin.send('GET', `service-accounts/${id}/access-keys`)).body;
    const wideKey = items.find(({ permissionSet }: { permissionSet: string }) => permissionSet);
    const rotated = await manager.send('POST', `access-keys/${wideKey.id}/rotate`, {});
    expect([rotated.status, rotated.body.code]).toEqual([403, 'access-key-too-wide']);
    people.later(5 * 60_000);
    expect((await keyOf(id)).body.code).toBe('step-up-required');
  });

  it('is seen and rotated by who manages service accounts, and takes no Idempotency-Key', async () => {
    const { id } = await account();
    const key = (await keyOf(id, { modules: ['orders'] })).body;
    const path = `service-accounts/${id}/access-keys`;
    expect((await admin.send('GET', path)).body.items).toMatchObject([{ id: key.id }]);
    const deployer = await people.person('Deployer', admin);
    expect((await deployer.send('GET', `access-keys/${key.id}`)).status).toBe(404);
    const body = { name: 'x', permissions: 'read-only' };
    const repeated = await admin.send('POST', path, body, { 'idempotency-key': 'k' });
    expect(repeated.body.code).toBe('idempotency-key-refused');
    const next = await admin.send('POST', `access-keys/${key.id}/rotate`, { overlapSeconds: 0 });
    expect([next.status, next.body.rotatedFrom, next.body.ownerId]).toEqual([201, key.id, id]);
    expect([(await me(key.secret)).status, (await me(next.body.secret)).status]).toEqual([
      401, 200,
    ]);
  });
});
