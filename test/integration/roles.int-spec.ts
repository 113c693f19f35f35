/** Roles of a tenant's own, groups, and who gives what to whom: nobody climbs by what they manage. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { Permission } from '../../src/kernel/permission.js';
import { Context } from '../../src/platform/context.js';
import { bindRole } from '../../src/tenancy/permissions/role-bindings.store.js';
import { type Answer, type IdentityApp, identityApp } from '../support/identity-app.js';
import { type Person, tenantWithAdmin } from '../support/tenant-with-admin.js';

let rig: IdentityApp;
beforeAll(async () => {
  rig = await identityApp();
  // Tokens are checked by the machine's clock, too: there is room ahead for all that passes here.
  rig.clock.advance(-9 * 60_000);
}, 60_000);
afterAll(() => rig?.close());

const tenant = () => tenantWithAdmin(rig);

const refused = ({ status, body }: Answer) => ({ status, code: body?.code });
const beyond = { status: 403, code: 'role-beyond-own' };
/** What this process remembers of people is older than it may be. */
const pass = () => rig.clock.advance(5_000);
const isSignedIn = async (who: Person) => {
  pass();
  return (await who.get('me/can?permission=deployments:read')).status === 200;
};

describe('a role of the tenant’s own', () => {
  it('is made, read, replaced under its version, and deleted', async () => {
    const { admin } = await tenant();
    const body = {
      name: 'Release Manager',
      permissions: ['deployments:read', 'deployments:promote'],
    };
    const made = await admin.post('roles', body);
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    const path = `roles/${made.body.id}`;
    expect((await admin.get(path)).body).toEqual(made.body);
    const listed = (await admin.get('roles')).body.items;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual([
      'Viewer',
      'Operator',
      'Deployer',
      'Admin',
      'Release Manager',
    ]);
    const next = { ...body, permissions: ['deployments:read'] };
    expect((await admin.send('PUT', path, next)).status).toBe(428);
    expect((await admin.send('PUT', path, next, 7)).status).toBe(412);
    expect((await admin.send('PUT', path, next, 1)).body).toMatchObject({ version: 2 });
    expect((await admin.send('DELETE', path)).status).toBe(204);
    expect(refused(await admin.get(path))).toEqual({ status: 404, code: 'role-not-found' });
  });

  it('refuses names that are taken, and permissions that are none or the platform’s', async () => {
    const { admin, role } = await tenant();
    await role('one', 'deployments:read');
    const make = async (name: string, permissions: unknown) =>
      refused(await admin.post('roles', { name, permissions }));
    const exists = { status: 409, code: 'role-exists' };
    expect(await make('ONE', ['deployments:read'])).toEqual(exists);
    expect(await make('aDMIN', ['deployments:read'])).toEqual(exists);
    for (const permissions of [[], ['no:such'], [Permission.TenantsManage], undefined]) {
      expect(await make('two', permissions)).toEqual({ status: 400, code: 'validation-failed' });
    }
    expect(await make('x'.repeat(64), ['deployments:read'])).toMatchObject({ status: 400 });
  });

  it('stays while somebody holds it', async () => {
    const { admin, role, holder } = await tenant();
    const { id } = await role('held', 'deployments:read');
    await holder('held');
    expect(refused(await admin.send('DELETE', `roles/${id}`))).toEqual({
      status: 409,
      code: 'role-in-use',
    });
    const [binding] = (await admin.get('role-bindings?role=held')).body.items;
    expect((await admin.send('DELETE', `role-bindings/${binding.id}`)).status).toBe(204);
    expect((await admin.send('DELETE', `roles/${id}`)).status).toBe(204);
  });

  it('is one of a limited number', async () => {
    const { admin, role } = await tenant();
    await role('one', 'deployments:read');
    const limited = jest.replaceProperty(limits, 'rolesPerTenant', 1 as never);
    try {
      const answer = await admin.post('roles', { name: 'two', permissions: ['deployments:read'] });
      expect(refused(answer)).toEqual({ status: 429, code: 'role-limit' });
    } finally {
      limited.restore();
    }
  });
});

describe('whoever manages roles without holding them', () => {
  async function climber() {
    const made = await tenant();
    const { role, holder, group, give, admin } = made;
    await role('keeper', 'roles:manage', 'users:read', 'users:manage');
    const wide = await role('wide', 'deployments:create', 'users:read');
    const admins = await group('admins');
    await give('Admin', 'group', admins);
    await admin.post(`groups/${admins}/members`, { userId: admin.id });
    return { ...made, keeper: await holder('keeper'), wide, admins };
  }

  it('makes and widens no role beyond their own', async () => {
    const { keeper, wide } = await climber();
    const permissions = ['users:read', 'deployments:create'];
    const made = await keeper.post('roles', { name: 'more', permissions });
    expect(refused(made)).toEqual(beyond);
    expect(made.body.details).toMatchObject({ permissions: ['deployments:create'] });
    const own = (await keeper.post('roles', { name: 'less', permissions: ['users:read'] })).body;
    const widened = { name: 'less', permissions };
    expect(refused(await keeper.send('PUT', `roles/${own.id}`, widened, 1))).toEqual(beyond);
    const narrowed = { name: 'wide', permissions: ['users:read'] };
    expect(refused(await keeper.send('PUT', `roles/${wide.id}`, narrowed, 1))).toEqual(beyond);
  });

  it('gives and takes nothing beyond it, to nobody and from nobody', async () => {
    const { keeper, admin } = await climber();
    const subject = { kind: 'user', id: keeper.id };
    for (const role of ['Admin', 'Viewer', 'wide']) {
      expect(refused(await keeper.post('role-bindings', { role, subject }))).toEqual(beyond);
      // A scope makes it no less beyond.
      const scoped = { role, subject, modules: ['orders'], environments: ['QA'] };
      expect(refused(await keeper.post('role-bindings', scoped))).toEqual(beyond);
    }
    const platform = await keeper.post('role-bindings', { role: 'PlatformAdmin', subject });
    expect(refused(platform)).toEqual({ status: 403, code: 'platform-role' });
    const [binding] = (await admin.get(`role-bindings?role=Admin&subjectId=${admin.id}`)).body
      .items;
    expect(refused(await keeper.send('DELETE', `role-bindings/${binding.id}`))).toEqual(beyond);
    const other = { kind: 'user', id: admin.id };
    expect((await keeper.post('role-bindings', { role: 'keeper', subject: other })).status).toBe(
      201,
    );
  });

  it('gets into no group that holds more, takes nobody out of it, and does not delete it', async () => {
    const { keeper, admin, admins } = await climber();
    const path = `groups/${admins}`;
    expect(refused(await keeper.post(`${path}/members`, { userId: keeper.id }))).toEqual(beyond);
    expect(refused(await keeper.send('DELETE', `${path}/members/${admin.id}`))).toEqual(beyond);
    expect(refused(await keeper.send('DELETE', path))).toEqual(beyond);
  });
});

describe('a role binding', () => {
  it('is given to people, groups and service accounts, by id or name, once', async () => {
    const { admin, person, group, inTenant } = await tenant();
    const who = await person('Viewer');
    await group('Payments');
    await inTenant((open) =>
      open.tx.execute(
        `insert into service_accounts (tenant_id, id, name, name_key) values ($1, $2, 'ci', 'ci')`,
        [open.tenantId, newId()],
      ),
    );
    const scope = { modules: ['not-yet', 'not-yet'], environments: ['Later', 'later'] };
    for (const subject of [
      { kind: 'user', name: who.username.toUpperCase() },
      { kind: 'group', name: 'payments' },
      { kind: 'service-account', name: 'CI' },
    ]) {
      const given = await admin.post('role-bindings', { role: 'Deployer', subject, ...scope });
      expect(given.status).toBe(201);
      expect(given.body).toMatchObject({
        role: 'Deployer',
        subject: { kind: subject.kind },
        modules: ['not-yet'],
        environments: ['later'],
        source: 'manual',
      });
      const again = await admin.post('role-bindings', { role: 'Deployer', subject, ...scope });
      expect(refused(again)).toEqual({ status: 409, code: 'role-binding-exists' });
    }
    const { items } = (await admin.get('role-bindings?role=Deployer&limit=2')).body;
    expect(items.map(({ subject }: { subject: { kind: string } }) => subject.kind)).toEqual([
      'service-account',
      'group',
    ]);
    const mine = (await admin.get(`role-bindings?subjectKind=user&subjectId=${who.id}`)).body.items;
    expect(mine.map(({ role }: { role: string }) => role)).toEqual(['Deployer', 'Viewer']);
  });

  it.each([
    [{ role: 'No Such', subject: 'admin' }, 422, 'role-unknown'],
    [{ role: 'viewer', subject: 'admin' }, 422, 'role-unknown'],
    [{ role: 'Viewer', subject: { kind: 'user', id: newId() } }, 422, 'subject-unknown'],
    [{ role: 'Viewer', subject: { kind: 'group', name: 'nobody' } }, 422, 'subject-unknown'],
    [{ role: 'Viewer', subject: { kind: 'user' } }, 400, 'validation-failed'],
    [{ role: 'Viewer', subject: { kind: 'key', id: newId() } }, 400, 'validation-failed'],
    [{ role: 'Viewer', subject: 'admin', modules: [] }, 400, 'validation-failed'],
    [{ role: 'Viewer', subject: 'admin', modules: ['Not A Name'] }, 400, 'validation-failed'],
    [{ role: 'Viewer', subject: 'admin', source: 'scim' }, 400, 'validation-failed'],
  ])('refuses %j with %i %s', async (given, status, code) => {
    const { admin } = await tenant();
    const subject = given.subject === 'admin' ? { kind: 'user', id: admin.id } : given.subject;
    expect(refused(await admin.post('role-bindings', { ...given, subject }))).toEqual({
      status,
      code,
    });
  });

  it('that a directory gave is not taken here', async () => {
    const { admin, inTenant } = await tenant();
    const subject = { kind: 'user', id: admin.id } as const;
    const id = await inTenant((open) =>
      bindRole(open, { role: 'Viewer', subject, source: 'scim' }),
    );
    expect(refused(await admin.send('DELETE', `role-bindings/${id}`))).toEqual({
      status: 409,
      code: 'role-binding-not-manual',
    });
  });

  it('that is taken ends sessions; one that is given does not', async () => {
    const { admin, person, give } = await tenant();
    const who = await person('Viewer');
    const { id } = (await give('Deployer', 'user', who.id)).body;
    expect(await isSignedIn(who)).toBe(true);
    expect((await who.get('me/can?permission=deployments:create')).body.allowed).toBe(true);
    await admin.send('DELETE', `role-bindings/${id}`);
    expect(await isSignedIn(who)).toBe(false);
    expect(await isSignedIn(admin)).toBe(true);
  });
});

describe('a group', () => {
  it('gives its roles to its members, and takes them with their sessions', async () => {
    const { admin, person, group, give } = await tenant();
    const who = await person('Viewer');
    const id = await group();
    await give('Operator', 'group', id);
    const added = await admin.post(`groups/${id}/members`, { username: who.username });
    expect(added).toMatchObject({ status: 201, body: { id: who.id, source: 'manual' } });
    expect(await isSignedIn(who)).toBe(true);
    const may = (await who.get('me/can?permission=deployments:pause')).body;
    expect(may).toMatchObject({
      allowed: true,
      by: { rule: expect.stringMatching(/^role Operator by group g-/) },
    });
    expect((await admin.get(`groups/${id}/members`)).body.items).toEqual([added.body]);
    expect((await admin.get(`groups?userId=${who.id}`)).body.items).toMatchObject([
      { id, members: 1 },
    ]);
    expect((await admin.send('DELETE', `groups/${id}/members/${who.id}`)).status).toBe(204);
    expect(await isSignedIn(who)).toBe(false);
    const again = await admin.send('DELETE', `groups/${id}/members/${who.id}`);
    expect(refused(again)).toEqual({ status: 404, code: 'group-member-not-found' });
  });

  it.each<
    [string, (admin: Person, facts: { id: string; role: { id: string } }) => Promise<Answer>]
  >([
    ['is deleted', (admin, { id }) => admin.send('DELETE', `groups/${id}`)],
    [
      'holds a role that says less now',
      (admin, { role }) =>
        admin.send('PUT', `roles/${role.id}`, { name: 'r', permissions: ['deployments:read'] }, 1),
    ],
    [
      'loses a role',
      async (admin, { id }) => {
        const [binding] = (await admin.get(`role-bindings?subjectId=${id}`)).body.items;
        return admin.send('DELETE', `role-bindings/${binding.id}`);
      },
    ],
  ])('that %s ends the sessions of its members', async (_what, change) => {
    const { admin, person, group, give, role } = await tenant();
    const who = await person('Viewer');
    const id = await group();
    const own = await role('r', 'deployments:read', 'deployments:pause');
    await give('r', 'group', id);
    await admin.post(`groups/${id}/members`, { userId: who.id });
    expect(await isSignedIn(who)).toBe(true);
    expect((await change(admin, { id, role: own })).status).toBeLessThan(300);
    expect(await isSignedIn(who)).toBe(false);
  });

  it('that a directory keeps cannot be changed here', async () => {
    const { admin, group, inTenant } = await tenant();
    const id = await group();
    await inTenant((open) =>
      open.tx.execute(`update groups set source = 'scim' where tenant_id = $1 and id = $2`, [
        open.tenantId,
        id,
      ]),
    );
    const elsewhere = { status: 409, code: 'group-kept-elsewhere' };
    const { version } = (await admin.get(`groups/${id}`)).body;
    for (const answer of [
      await admin.send('PUT', `groups/${id}`, { name: 'other' }, version),
      await admin.send('DELETE', `groups/${id}`),
      await admin.post(`groups/${id}/members`, { userId: admin.id }),
      await admin.send('DELETE', `groups/${id}/members/${admin.id}`),
    ]) {
      expect(refused(answer)).toEqual(elsewhere);
    }
  });

  it('has a name of its own and limits, and no strangers in it', async () => {
    const { admin, group } = await tenant();
    const id = await group('Payments');
    expect(refused(await admin.post('groups', { name: 'PAYMENTS' }))).toEqual({
      status: 409,
      code: 'group-exists',
    });
    const stranger = (await tenant()).admin;
    const foreign = await admin.post(`groups/${id}/members`, { userId: stranger.id });
    expect(refused(foreign)).toEqual({ status: 422, code: 'subject-unknown' });
    const limited = [
      jest.replaceProperty(limits, 'groupsPerTenant', 1 as never),
      jest.replaceProperty(limits, 'membersPerGroup', 0 as never),
    ];
    try {
      const limit = { status: 429, code: 'group-limit' };
      expect(refused(await admin.post('groups', { name: 'two' }))).toEqual(limit);
      expect(refused(await admin.post(`groups/${id}/members`, { userId: admin.id }))).toEqual(
        limit,
      );
    } finally {
      for (const one of limited) one.restore();
    }
  });
});

describe('the last Admin', () => {
  it('is not lost with a binding, a member or a group', async () => {
    const { admin, group, give } = await tenant();
    const last = { status: 409, code: 'last-admin' };
    const [own] = (await admin.get(`role-bindings?subjectId=${admin.id}`)).body.items;
    expect(refused(await admin.send('DELETE', `role-bindings/${own.id}`))).toEqual(last);
    const id = await group();
    const { id: ofGroup } = (await give('Admin', 'group', id)).body;
    await admin.post(`groups/${id}/members`, { userId: admin.id });
    expect((await admin.send('DELETE', `role-bindings/${own.id}`)).status).toBe(204);
    pass();
    await admin.again();
    for (const path of [
      `role-bindings/${ofGroup}`,
      `groups/${id}/members/${admin.id}`,
      `groups/${id}`,
    ]) {
      expect(refused(await admin.send('DELETE', path))).toEqual(last);
    }
    expect(await isSignedIn(admin)).toBe(true);
  });
});

describe('what may be done', () => {
  it('is told with the rule that says so, or what is missing', async () => {
    const { person, give, role } = await tenant();
    const who = await person('Viewer');
    await role('Deploying', 'deployments:create');
    await give('Deployer', 'user', who.id, { modules: ['orders'], environments: ['QA'] });
    pass();
    const can = async (query: string) => (await who.get(`me/can?permission=${query}`)).body;
    expect(await can('deployments:create&module=orders&environment=qa')).toEqual({
      allowed: true,
      by: { rule: 'role Deployer', modules: ['orders'], environments: ['QA'] },
      missing: null,
    });
    expect(await can('deployments:create&module=orders&environment=Production')).toEqual({
      allowed: false,
      by: null,
      missing: {
        permission: 'deployments:create',
        module: 'orders',
        environment: 'Production',
        roles: ['Deployer', 'Admin', 'Deploying'],
      },
    });
    expect(await can('deployments:create')).toMatchObject({ allowed: true });
    expect((await who.get('me/can?permission=no:such')).status).toBe(400);
    expect((await who.get('me/can')).status).toBe(400);
  });

  it('is listed for everybody who is signed in', async () => {
    const { person } = await tenant();
    const { items } = (await (await person('Viewer')).get('permissions')).body;
    expect(items).toHaveLength(Object.keys(Permission).length);
    expect(items).toContainEqual({
      permission: 'deployments:create',
      modules: 'narrows',
      environments: 'narrows',
      roles: ['Deployer', 'Admin'],
    });
  });
});

describe('roles, groups and bindings of another tenant', () => {
  it('are not found, as what never was', async () => {
    const mine = await tenant();
    const { role, group, give, admin } = await tenant();
    const ids = {
      roles: (await role('theirs', 'deployments:read')).id as string,
      groups: await group(),
      'role-bindings': (await give('theirs', 'user', admin.id)).body.id as string,
    };
    const told = ({ status, body }: Answer) => ({ status, code: body.code, detail: body.detail });
    for (const [noun, id] of Object.entries(ids)) {
      const never = told(await mine.admin.send('DELETE', `${noun}/${newId()}`));
      expect(never.status).toBe(404);
      expect(told(await mine.admin.send('DELETE', `${noun}/${id}`))).toEqual(never);
    }
    expect((await mine.admin.get(`groups/${ids.groups}/members`)).status).toBe(404);
    const given = { role: 'theirs', subject: { kind: 'user', id: mine.admin.id } };
    expect(refused(await mine.admin.post('role-bindings', given)).code).toBe('role-unknown');
    const foreign = { role: 'Viewer', subject: { kind: 'group', id: ids.groups } };
    expect(refused(await mine.admin.post('role-bindings', foreign)).code).toBe('subject-unknown');
  });
});

describe('changes of roles', () => {
  it('need a fresh proof, and a permission that a Deployer lacks', async () => {
    const { admin, person, id } = await tenant();
    const deployer = await person('Deployer');
    const body = { name: 'one', permissions: ['deployments:read'] };
    expect(refused(await deployer.post('roles', body)).code).toBe('permission-missing');
    rig.clock.advance(6 * 60_000);
    expect(refused(await admin.post('roles', body)).code).toBe('step-up-required');
    await admin.again();
    expect((await admin.post('roles', body)).status).toBe(201);
    const [entry] = await rig.db.transaction(Context.system(id, 'test'), (open) =>
      open.tx.query<{ actor: string }>(
        `select actor from audit_entries where tenant_id = $1 and action = 'role-created'`,
        [open.tenantId],
      ),
    );
    expect(entry).toMatchObject({ actor: admin.username });
  });
});
