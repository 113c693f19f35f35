/** Who must agree where: policies over HTTP, what they ask of a deployment, and who could decide now. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { changeLimits } from '../../src/kernel/change-limits.js';
import { approverFacts } from '../../src/deployments/approvals/policies/approver-facts.queries.js';
import { barredPersons } from '../../src/deployments/approvals/policies/barred-persons.queries.js';
import { shortfallOf } from '../../src/deployments/approvals/policies/shortfall.js';
import { type ApprovalRule, ownRule } from '../../src/deployments/approvals/rule.js';
import { addGroupMember } from '../../src/tenancy/groups/group-members.store.js';
import { bindRole } from '../../src/tenancy/permissions/role-bindings.store.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { removeMembership } from '../../src/tenancy/users/memberships.store.js';
import { type Answer, DeploymentsApp } from '../support/deployments-app.js';
import { scopedMember } from '../support/scoped-member.js';
import { oneAdmin, TenantWithPolicies } from '../support/tenant-with-policies.js';

const path = '/approval-policies';

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start({ TIDEGATE_DEFAULT_APPROVALS: 'built-in' });
});
afterAll(() => app?.close());

let tenants = 0;
const newTenant = () => {
  tenants += 1;
  return TenantWithPolicies.make(app, `policies-${tenants}`);
};
const refused = ({ status, body }: Answer) => ({ status, code: body?.code });
const namesOf = (rules: readonly ApprovalRule[]) => rules.map(({ name }) => name);

describe('a policy', () => {
  it('is made with its defaults, read, replaced under its version, and deleted', async () => {
    const tenant = await newTenant();
    const answer = await tenant.send(oneAdmin);
    expect(answer).toMatchObject({ status: 201, body: { version: 1 } });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toMatchObject({
      modules: null,
      labels: {},
      strategies: null,
      kind: 'people',
      approvers: { roles: ['Admin'], groups: [], users: [] },
      quorum: 1,
      distinctGroups: null,
      bars: ['requester'],
      decisionValidMs: null,
      timeoutMs: 86_400_000,
      reasonRequired: false,
      passkeyRequired: false,
      external: null,
      named: [],
    });
    const { id } = answer.body;
    expect((await tenant.as('Viewer', `${path}/${id}`)).body).toEqual(answer.body);
    const listed = await tenant.as('Viewer', `${path}?environment=qa`);
    expect(listed.body.items).toEqual([answer.body]);
    const next = { ...oneAdmin, name: 'one with a reason', reasonRequired: true };
    const bare = await tenant.as('Admin', `${path}/${id}`, { method: 'PUT', body: next });
    expect(refused(bare)).toEqual({ status: 428, code: 'if-match-required' });
    expect((await tenant.put(id, next, 9)).status).toBe(412);
    expect((await tenant.put(id, next, 1)).body).toMatchObject({
      version: 2,
      ...next,
      approvers: { roles: ['Admin'] },
    });
    expect((await tenant.as('Admin', `${path}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await tenant.as('Admin', `${path}/${id}`)).status).toBe(404);
    const audit = await tenant.audited<{ change: string }>('approval-policy-changed', id);
    expect(audit.map(({ body }) => body.change)).toEqual(['created', 'changed', 'deleted']);
    expect(audit[1]!.body).toMatchObject({
      before: { name: 'one admin', reasonRequired: false },
      after: { name: 'one with a reason', reasonRequired: true },
    });
    expect(audit[2]!.body).toMatchObject({ before: { reasonRequired: true }, after: null });
  });

  it('is refused where it says what cannot be', async () => {
    const tenant = await newTenant();
    const first = await tenant.policy();
    const tried = async (change: object) => refused(await tenant.send({ ...oneAdmin, ...change }));
    const invalid = { status: 400, code: 'validation-failed' };
    const unknown = { status: 422, code: 'approver-unknown' };
    expect(await tried({ name: 'ONE Admin' })).toEqual({
      status: 409,
      code: 'approval-policy-exists',
    });
    for (const change of [
      { surprise: true },
      { quorum: 0 },
      { quorum: 21 },
      { environment: undefined },
      { modules: [] },
      { modules: ['Not A Module'] },
      { bars: ['everybody'] },
      { timeoutMs: 1_000 },
      { timeoutMs: changeLimits.approvalTimeoutMs + 1 },
      { decisionValidMs: 0 },
      { kind: 'external' },
      { external: { gateId: newId() } },
      { kind: 'external', approvers: { roles: [] }, external: { gateId: newId() }, quorum: 2 },
      { quorum: 2, distinctGroups: { groups: ['a'], count: 2 } },
      { quorum: 1, distinctGroups: { groups: ['a', 'b'], count: 2 } },
      { approvers: { roles: Array.from({ length: 51 }, (_, index) => `r${index}`) } },
    ]) {
      expect({ change, ...(await tried({ name: 'another', ...change })) }).toEqual({
        change,
        ...invalid,
      });
    }
    const another = (change: object) => tried({ name: 'another', ...change });
    expect(await another({ environment: 'Moon' })).toMatchObject({ code: 'environment-not-found' });
    expect(await another({ strategies: ['hope'] })).toMatchObject({ code: 'unknown-strategy' });
    for (const roles of [['Nobody'], ['PlatformAdmin'], ['admin']]) {
      expect(await another({ approvers: { roles } })).toEqual(unknown);
    }
    expect(await another({ approvers: { groups: ['nobody'] } })).toEqual(unknown);
    expect(await another({ approvers: { users: [newId()] } })).toEqual(unknown);
    const gate = { kind: 'external', external: { gateId: newId() }, approvers: {} };
    expect(await another(gate)).toEqual({ status: 422, code: 'external-gate-unknown' });
    const second = await tenant.policy({ ...oneAdmin, name: 'another' });
    const renamed = await tenant.put(second.id, oneAdmin, 1);
    expect(refused(renamed)).toEqual({ status: 409, code: 'approval-policy-exists' });
    expect((await tenant.put(first.id, { ...oneAdmin, name: 'ONE admin' }, 1)).status).toBe(200);
  });

  it('is one of as many as a tenant may have', async () => {
    const tenant = await newTenant();
    // Two are built in.
    const room = jest.replaceProperty(changeLimits, 'approvalPoliciesPerTenant', 3 as never);
    await tenant.policy();
    const more = await tenant.send({ ...oneAdmin, name: 'one more' });
    room.restore();
    expect(refused(more)).toEqual({ status: 429, code: 'approval-policy-limit' });
  });

  it('keeps ids of what it is told by name, and says what they stand for', async () => {
    const tenant = await newTenant();
    const board = await tenant.group('board');
    const anna = await tenant.member('Admin');
    const answer = await tenant.send({
      ...oneAdmin,
      approvers: { groups: ['BOARD', board], users: [anna.username] },
    });
    expect(answer.body).toMatchObject({
      approvers: { roles: [], groups: [board], users: [anna.userId] },
      named: [
        { kind: 'group', id: board, name: 'board' },
        { kind: 'user', id: anna.userId, name: anna.username },
      ],
    });
    await tenant.open((open) => removeMembership(open, anna.userId));
    const { named } = (await tenant.as('Viewer', `${path}/${answer.body.id}`)).body;
    expect(named[1]).toEqual({ kind: 'user', id: anna.userId, name: null });
  });

  it('is made by whoever has that permission alone', async () => {
    const tenant = await newTenant();
    const { body } = await tenant.as('Admin', '/roles', {
      method: 'POST',
      body: { name: 'Policy Maker', permissions: ['approval-policies:manage'] },
    });
    const maker = await scopedMember(app.whole, tenant.id, { role: { id: body.id } });
    const { status, id } = await tenant.by(maker.token, 'POST', path, { body: oneAdmin });
    expect(status).toBe(201);
    expect(await tenant.by(maker.token, 'GET', `${path}/${id}`)).toMatchObject({ status: 403 });
    expect(await tenant.by(maker.token, 'DELETE', `${path}/${id}`)).toMatchObject({ status: 204 });
  });

  it('is changed and deleted by people who show that it is they, and by no machine', async () => {
    const tenant = await newTenant();
    const { id } = await tenant.policy();
    const key = await tenant.as('Admin', '/access-keys', {
      method: 'POST',
      body: { name: 'ci', permissions: 'admin' },
    });
    expect(key.status).toBe(201);
    for (const method of ['PUT', 'DELETE']) {
      const headers = { 'if-match': '"1"' };
      const answer = await tenant.by(key.body.secret, method, `${path}/${id}`, { headers });
      expect(answer).toMatchObject({ status: 403, code: 'people-only' });
    }
  });
});

describe('a policy that nobody could meet', () => {
  const unmeetable = async (tenant: TenantWithPolicies, change: object) => {
    const { status, body } = await tenant.send({ ...oneAdmin, ...change });
    return status === 422 ? body.details : status;
  };

  it('is refused with what is too little', async () => {
    const tenant = await newTenant();
    const few = { part: 'approvers', have: 1, need: 2 };
    expect(await unmeetable(tenant, { quorum: 2 })).toEqual(few);
    expect(await unmeetable(tenant, { approvers: {} })).toEqual({ ...few, have: 0, need: 1 });
    // A Deployer may not decide, whatever a policy names.
    await tenant.member('Deployer');
    const deployers = { approvers: { roles: ['Admin', 'Deployer'] }, quorum: 2 };
    expect(await unmeetable(tenant, deployers)).toEqual(few);
    // Whoever may decide about one module is of no use to another.
    await scopedMember(app.whole, tenant.id, { role: 'Admin', modules: ['billing'] });
    expect(await unmeetable(tenant, { quorum: 2, modules: ['orders'] })).toEqual(few);
    expect(await unmeetable(tenant, { quorum: 2, modules: ['billing'] })).toBe(201);
    const gone = await tenant.member('Admin');
    await app.sql('update users set disabled_at = clock_timestamp() where id = $1', [gone.userId]);
    expect(await unmeetable(tenant, { name: 'other', quorum: 2, modules: ['orders'] })).toEqual(
      few,
    );
    await tenant.member('Admin');
    expect(await unmeetable(tenant, { name: 'other', quorum: 2 })).toBe(201);
  });

  it('is refused where its people stand for too few groups', async () => {
    const tenant = await newTenant();
    const [board, operations] = [await tenant.group('board'), await tenant.group('operations')];
    const [anna, ben] = [await tenant.member('Admin'), await tenant.member('Admin')];
    const join = (groupId: string, userId: string) =>
      tenant.open((open) => addGroupMember(open, { groupId, userId }));
    await join(board, anna.userId);
    await join(operations, anna.userId);
    const both = { quorum: 2, distinctGroups: { groups: ['board', 'operations'], count: 2 } };
    const alone = { part: 'distinct-groups', have: 1, need: 2 };
    // One person is in both, the other in none.
    expect(await unmeetable(tenant, both)).toEqual(alone);
    await join(board, ben.userId);
    expect(await unmeetable(tenant, both)).toBe(201);
  });

  it('was not refused for a tenant that begins: what lacks is known when somebody asks', async () => {
    const tenant = await newTenant();
    const items = (await tenant.as('Admin', path)).body.items as {
      name: string;
      approvers: object;
    }[];
    expect(items.map(({ name }) => name).sort()).toEqual([
      'One other Admin in Production',
      'One other Admin in Staging',
    ]);
    expect(items[0]!.approvers).toEqual({ roles: ['Admin'], groups: [], users: [] });
    const told = (await tenant.audited('approval-policy-changed')).map(({ actor }) => ({ actor }));
    expect(told).toEqual([{ actor: 'system:seed' }, { actor: 'system:seed' }]);
    const [only] = await tenant.deciders('Production');
    const lacking = async (requestedBy: string | null) => {
      const approvals = await tenant.rules('Production');
      const spec = { approvals, release: { id: newId() }, configuration: null };
      const barred = await tenant.open((open) => barredPersons(open, spec, requestedBy));
      return shortfallOf(approvals[0]!, await tenant.people('Production'), barred);
    };
    expect(await lacking(only!)).toEqual({ part: 'approvers', have: 0, need: 1 });
    expect(await lacking(null)).toBeNull();
    await tenant.member('Admin');
    expect(await lacking(only!)).toBeNull();
  });
});

describe('what a deployment is asked for', () => {
  it('is every policy that matches it, and what it asks for itself', async () => {
    const tenant = await newTenant();
    const where = async (name: string, change: object) =>
      tenant.policy({ ...oneAdmin, name, ...change });
    await where('all', {});
    await where('of orders', { modules: ['orders', 'billing'] });
    await where('of others', { modules: ['billing'] });
    await where('canary', { strategies: ['canary', 'rolling'] });
    await where('direct', { strategies: ['direct'] });
    await where('eu', { labels: { region: 'eu' } });
    await where('eu and gold', { labels: { region: 'eu', tier: 'gold' } });
    await where('elsewhere', { environment: 'Development' });
    await where('everywhere', { environment: null });
    const labels = { region: 'eu', stage: 'last' };
    const asked = await tenant.rules('QA', { labels, requireApproval: true });
    expect(namesOf(asked)).toEqual([
      'all',
      'of orders',
      'canary',
      'eu',
      'everywhere',
      ownRule.name,
    ]);
    expect(asked[0]).toMatchObject({ policyId: expect.any(String), version: 1, external: null });
    expect(Object.keys(asked[0]!).sort()).toEqual(Object.keys(ownRule).sort());
    expect(namesOf(await tenant.rules('Production'))).toEqual([
      'One other Admin in Production',
      'everywhere',
    ]);
  });

  it('is read only where the environment says that policies may count, which it says at once', async () => {
    const tenant = await newTenant();
    const there = async () => {
      const { items } = (await tenant.as('Viewer', '/environments')).body;
      const having = (items as { name: string; hasApprovalPolicies: boolean }[]).filter(
        ({ hasApprovalPolicies }) => hasApprovalPolicies,
      );
      return having.map(({ name }) => name);
    };
    const builtIn = ['Staging', 'Production'];
    expect(await there()).toEqual(builtIn);
    const { id } = await tenant.policy();
    expect(await there()).toEqual(['QA', ...builtIn]);
    await tenant.put(id, { ...oneAdmin, environment: 'Development' }, 1);
    expect(await there()).toEqual(['Development', ...builtIn]);
    await tenant.put(id, { ...oneAdmin, environment: null }, 2);
    expect(await there()).toEqual(['Development', 'QA', ...builtIn]);
    const { body: qa } = await tenant.as('Admin', '/environments/QA');
    const {
      id: _id,
      version: _version,
      createdAt: _createdAt,
      hasApprovalPolicies: _,
      ...rest
    } = qa;
    const answer = await tenant.as('Admin', '/environments', {
      method: 'POST',
      body: { ...rest, name: 'Pilot' },
    });
    expect(answer.body).toMatchObject({ name: 'Pilot', hasApprovalPolicies: true });
    await tenant.as('Admin', `${path}/${id}`, { method: 'DELETE' });
    expect(await there()).toEqual(builtIn);
    expect(await tenant.rules('QA')).toEqual([]);
  });
});

describe('whoever could decide', () => {
  it('holds the permission there, by whatever role, and is a member who is not suspended', async () => {
    const tenant = await newTenant();
    const [admin] = await tenant.deciders('QA');
    await tenant.member('Deployer');
    const role = await tenant.as('Admin', '/roles', {
      method: 'POST',
      body: { name: 'Release Board', permissions: ['approvals:read', 'approvals:decide'] },
    });
    const ofBoard = { role: { id: role.body.id as string } };
    const board = await scopedMember(app.whole, tenant.id, ofBoard);
    const narrow = { ...ofBoard, modules: ['orders'], environments: ['qa'] };
    const narrowly = await scopedMember(app.whole, tenant.id, narrow, { role: 'Viewer' });
    const byGroup = await tenant.member('Viewer');
    const groupId = await tenant.group('board');
    await tenant.open(async (open) => {
      await bindRole(open, { role: { id: role.body.id }, subject: { kind: 'group', id: groupId } });
      await addGroupMember(open, { groupId, userId: byGroup.userId });
    });
    const all = [admin!, board.userId, narrowly.userId, byGroup.userId].sort();
    expect(await tenant.deciders('QA')).toEqual(all);
    const others = all.filter((id) => id !== narrowly.userId);
    expect(await tenant.deciders('QA', 'billing')).toEqual(others);
    expect(await tenant.deciders('Staging')).toEqual(others);
    const facts = await tenant.open((open) =>
      approverFacts(open, {
        rules: [ownRule],
        target: { module: 'orders', environment: 'Staging' },
      }),
    );
    expect(facts.get(byGroup.userId)).toEqual({
      roles: expect.arrayContaining(['Release Board', 'Viewer']),
      groups: [groupId],
      isActive: true,
      mayDecide: true,
    });
    expect(facts.get(narrowly.userId)).toMatchObject({ roles: ['Viewer'], mayDecide: false });
    await app.sql('update users set disabled_at = clock_timestamp() where id = $1', [board.userId]);
    await tenant.open((open) => removeMembership(open, byGroup.userId));
    expect(await tenant.deciders('Staging')).toEqual([admin]);
  });

  it('is barred by their own work: what they asked for, released or configured, by a key as well', async () => {
    const tenant = await newTenant();
    const person = await tenant.member('Deployer');
    const other = await tenant.member('Deployer');
    const keys = [person, other].map(({ userId }) =>
      app.sql(
        `insert into access_keys (tenant_id, id, hash, prefix, name, owner_kind, owner_id, maker_id,
           created_by, permission_set, expires_at)
         values ($1, $2::uuid, $2::text, 'p', 'ci', 'user', $3, $3, 'x', 'deploy', clock_timestamp())`,
        [tenant.id, newId(), userId],
      ),
    );
    await Promise.all(keys);
    const [release] = await app.sql<{ id: string }>(
      'select id from releases where tenant_id = $1',
      [tenant.id],
    );
    const by = (name: string, id: string | null) =>
      app.sql('update releases set created_by = $2, created_by_person = $3 where tenant_id = $1', [
        tenant.id,
        name,
        id,
      ]);
    const { body: configuration } = await tenant.as('Admin', '/modules/orders/configurations/QA', {
      method: 'POST',
      body: { values: { LOG: 'warn' } },
    });
    const barred = (bars: ApprovalRule['bars'], requestedBy: string | null = null) =>
      tenant.open((open) =>
        barredPersons(
          open,
          { approvals: [{ bars }], release: release!, configuration },
          requestedBy,
        ),
      );
    const nobody = { requester: [], 'release-author': [], 'configuration-editor': [] };
    const [editor] = await tenant.deciders('QA');
    expect(await barred(['requester'], person.userId)).toEqual({
      ...nobody,
      requester: [person.userId],
    });
    expect(await barred(['release-author'])).toEqual({
      ...nobody,
      'configuration-editor': [editor],
    });
    await by('key:ci', person.userId);
    expect(await barred(['release-author'])).toMatchObject({ 'release-author': [person.userId] });
    // Written before it was kept who they were: whoever is called that, or has made a key of that name.
    await by(person.username, null);
    expect(await barred(['release-author'])).toMatchObject({ 'release-author': [person.userId] });
    await by('key:ci', null);
    const makers = (await barred(['release-author']))['release-author'];
    expect([...makers].sort()).toEqual([person.userId, other.userId].sort());
  });
});

describe('what a policy names', () => {
  it('is not deleted or called otherwise, since another one of the name would decide', async () => {
    const tenant = await newTenant();
    const body = { name: 'Board', permissions: ['approvals:decide'] };
    const { id: roleId } = (await tenant.as('Admin', '/roles', { method: 'POST', body })).body;
    const groupId = await tenant.group('board');
    const anna = await scopedMember(app.whole, tenant.id, { role: { id: roleId } });
    await tenant.open((open) => addGroupMember(open, { groupId, userId: anna.userId }));
    const byRole = await tenant.policy({
      ...oneAdmin,
      name: 'by role',
      approvers: { roles: ['board'] },
    });
    const byGroup = await tenant.policy({
      ...oneAdmin,
      name: 'by group',
      approvers: { groups: ['board'] },
    });
    const named = { status: 409, code: 'named-by-policy' };
    const role = (change: object, version: number) =>
      tenant.as('Admin', `/roles/${roleId}`, {
        method: 'PUT',
        body: { ...body, ...change },
        headers: { 'if-match': `"${version}"` },
      });
    const removed = (what: string) => tenant.as('Admin', what, { method: 'DELETE' });
    expect(refused(await role({ name: 'Another' }, 1))).toEqual(named);
    expect((await role({ description: 'Who decides.' }, 1)).status).toBe(200);
    await tenant.open((open) => removeMembership(open, anna.userId));
    expect(refused(await removed(`/roles/${roleId}`))).toEqual(named);
    const kept = await removed(`/groups/${groupId}`);
    expect(refused(kept)).toEqual(named);
    expect(kept.body.details).toEqual({ policies: ['by group'] });
    for (const { id } of [byRole, byGroup]) await removed(`${path}/${id}`);
    expect((await removed(`/roles/${roleId}`)).status).toBe(204);
    expect((await removed(`/groups/${groupId}`)).status).toBe(204);
  });
});

describe('a platform admin who acts in a tenant', () => {
  it('is told of to its Admins when people, roles or policies change; its own people are not', async () => {
    const tenant = await newTenant();
    const platform = await app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const headers = { 'x-tenant': tenant.slug, 'x-act-as-reason': 'a test' };
    const acting = (where: string, body: object) =>
      tenant.by(platform.token, 'POST', where, { body, headers });
    const told = async () => {
      type Told = { event: string; by: { username: string } };
      const entries = await tenant.audited<Told>('acted-on-people');
      return entries.map(({ body: { event, by } }) => ({ event, by: by.username }));
    };
    await tenant.group('own');
    await tenant.policy({ ...oneAdmin, name: 'own' });
    expect(await told()).toEqual([]);
    expect((await acting('/groups', { name: 'theirs' })).status).toBe(201);
    expect((await acting(path, oneAdmin)).status).toBe(201);
    const role = { name: 'theirs', permissions: ['approvals:decide'] };
    expect((await acting('/roles', role)).status).toBe(201);
    expect(await told()).toEqual(
      ['group-created', 'approval-policy-changed', 'role-created'].map((event) => ({
        event,
        by: platform.username,
      })),
    );
  });
});
