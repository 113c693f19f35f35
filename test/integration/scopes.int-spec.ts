/**
 * Whoever holds roles for some modules and environments only: each route and message that a scope
 * narrows, tried from outside of it. A new one without a case fails.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { newId } from '../../src/kernel/ids.js';
import { scopeEffectsOf } from '../../src/kernel/permission.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { declaredStatements } from '../../src/platform/database/statement.js';
import { checkAccess } from '../../src/platform/http/access-check.js';
import {
  type Answer,
  DeploymentsApp,
  type DeployingTenant,
  orders,
} from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { HubClient } from '../support/hub-client.js';
import { makePolicies, policyScopeCases } from '../support/policy-scope-cases.js';
import { usedBreakGlass } from '../support/used-break-glass.js';
import { scopedMember } from '../support/scoped-member.js';
import type { Member } from '../support/whole-app.js';

/** `orders` in QA is in everybody's scope, `billing` in Staging is in nobody's. */
const there = { moduleName: 'billing', version: '1.0.0', targetEnvironment: 'Staging' };

let app: DeploymentsApp;
let tenant: DeployingTenant;
/** Admin for `orders` in QA; Admin in QA; Viewer everywhere and Deployer for `orders` in QA. */
let ofModule: Member, ofEnvironment: Member, watcher: Member, decider: Member;
let inside: string, outside: string;
const nodes = { inside: '', outside: '' };
const clusters = { inside: '', outside: '' };
const freezes = { inside: '', outside: '' };
const holds = { inside: '', outside: '' };

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
  await tenant.release('billing', '1.0.0');
  await tenant.nodes('Staging', 3);
  const { whole } = app;
  const scope = { modules: ['orders'], environments: ['qa'] };
  ofModule = await scopedMember(whole, tenant.id, { role: 'Admin', ...scope });
  ofEnvironment = await scopedMember(whole, tenant.id, { role: 'Admin', environments: ['QA'] });
  const watching = { role: 'Viewer' } as const;
  watcher = await scopedMember(whole, tenant.id, watching, { role: 'Deployer', ...scope });
  decider = await scopedMember(whole, tenant.id, watching, { role: 'Admin', ...scope });
  inside = await tenant.deploy();
  outside = await tenant.deploy(there);
  await makePolicies({ asAdmin: ({ path, ...call }) => tenant.as('Admin', path, call) });
  for (const [key, name] of [
    ['inside', 'QA'],
    ['outside', 'Staging'],
  ] as const) {
    const list = `?environment=${name}&limit=1`;
    nodes[key] = (await tenant.as('Admin', `/nodes${list}`)).body.items[0].id;
    clusters[key] = (await tenant.as('Admin', `/clusters${list}`)).body.items[0].id;
    const frozen = { method: 'POST', body: freeze(name) };
    freezes[key] = (await tenant.as('Admin', '/freezes', frozen)).body.id;
    holds[key] = newId();
    await app.sql(
      `insert into target_holds (tenant_id, id, cluster_id, module_id, deployment_id, rollback_id, placed_by)
       select tenant_id, $2, $3, module_id, id, id, 'test' from deployments where id = $1`,
      [inside, holds[key], clusters[key]],
    );
  }
});
afterAll(() => app?.close());

/** To come, and of nothing that this file does. */
const freeze = (environment: string) => ({
  name: `freeze of ${environment} ${newId()}`,
  reason: 'a test',
  environments: [environment],
  verbs: ['approve'],
  window: {
    kind: 'once',
    from: new Date(Date.now() + 3_600_000).toISOString(),
    to: new Date(Date.now() + 7_200_000).toISOString(),
  },
});

interface Sent {
  readonly by: () => Member;
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function send({ by, path, method = 'GET', body, headers = {} }: Sent): Promise<Answer> {
  const response = await fetch(`${app.whole.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${by().token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

/** What of an answer could tell one thing that is not there from another. */
const toldIn = ({ status, body }: Answer) => {
  const { id: _id, instance: _instance, ...told } = body as Record<string, unknown>;
  return { status, told };
};

/** `path(…)` of what is out of reach gets the answer of what never was; of the other, another one. */
const notFound =
  (sent: (at: { inside?: boolean; id: string }) => Sent, ids: () => readonly [string, string]) =>
  async () => {
    const [mine, theirs] = ids();
    const refused = toldIn(await send(sent({ id: theirs })));
    expect(refused).toMatchObject({ status: 404 });
    expect(refused).toEqual(toldIn(await send(sent({ id: newId() }))));
    expect((await send(sent({ id: mine, inside: true }))).status).not.toBe(404);
  };

/** Says which permission for what, before anything else; in reach it is not refused. */
const missing = (sent: (isInside: boolean) => Sent, details: object) => async () => {
  const refused = await send(sent(false));
  expect({ status: refused.status, code: refused.body.code }).toEqual({
    status: 403,
    code: 'permission-missing',
  });
  expect(refused.body.details).toMatchObject(details);
  expect((await send(sent(true))).status).not.toBe(403);
};

const lists =
  (sent: Sent, told: (body: { items: never[] }) => unknown, expected: () => unknown) =>
  async () => {
    const answer = await send(sent);
    expect(answer.status).toBe(200);
    expect(told(answer.body)).toEqual(expected());
  };

const deployments = () => [inside, outside] as const;
const byModule = () => ofModule;
const byEnvironment = () => ofEnvironment;
const reading = (rest: string) =>
  notFound(({ id }) => ({ by: byModule, path: `/deployments/${id}${rest}` }), deployments);

/** Whoever may not read it finds nothing; whoever may is told what is missing. */
const verb = (name: string) => async () => {
  const sent = (by: () => Member, id: string): Sent => ({
    by,
    path: `/deployments/${id}/${name}`,
    method: 'POST',
    body: { reason: 'a test' },
  });
  await notFound(({ id }) => sent(byModule, id), deployments)();
  const details = {
    permission: `deployments:${name}`,
    module: 'billing',
    environment: 'Staging',
    roles: expect.arrayContaining(['Admin']),
  };
  await missing((isInside) => sent(() => watcher, isInside ? inside : outside), details)();
};

/** Of what is asked, and by whom it may be answered. */
const decision = (name: string, body: object) =>
  notFound(
    ({ id }) => ({
      by: byModule,
      path: `/approvals/deployments/${id}/${name}`,
      method: 'POST',
      body,
    }),
    deployments,
  );

const creating = (path: string) =>
  missing(
    (isInside) => ({
      by: byModule,
      path,
      method: 'POST',
      body: isInside ? orders : { ...there, version: 'no-such' },
    }),
    { permission: 'deployments:create', module: 'billing', environment: 'Staging' },
  );

const rules = async (name: string) => {
  const { body } = await tenant.as('Admin', `/environments/${name}`);
  const { id: _i, name: _n, version, createdAt: _c, hasApprovalPolicies: _h, ...given } = body;
  return { version: String(version), given };
};

const node = (rest: string, method: string) => async () => {
  const sent = ({ id }: { id: string }) => ({
    by: byEnvironment,
    path: `/nodes/${id}${rest}`,
    method,
  });
  await notFound(sent, () => [nodes.inside, nodes.outside])();
  const { body } = await tenant.as('Admin', `/nodes/${nodes.outside}`);
  expect(body.state).toBe('Healthy');
};

async function pushed(module: string): Promise<Answer> {
  const form = new FormData();
  form.append('version', '9.9.9');
  const response = await fetch(`${app.whole.url}/api/v1/modules/${module}/releases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ofModule.token}` },
    body: form,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function hub(member: Member): Promise<HubClient> {
  return new HubClient(app.whole.socket({ token: member.token })).connect();
}

const approval = (rest: string) =>
  notFound(
    ({ id }) => ({ by: byModule, path: `/approvals/deployments/${id}${rest}` }),
    () => [inside, outside],
  );

const deciding = (rest: string, body?: object) =>
  notFound(
    ({ id }) => ({
      by: byModule,
      path: `/approvals/deployments/${id}/${rest}`,
      ...(body === undefined ? {} : { method: 'POST', body }),
    }),
    deployments,
  );

/** What is of the whole tenant is not for whoever manages policies of one environment. */
const ofWholeTenant =
  ({ path, ...sent }: Omit<Sent, 'by'>) =>
  async () => {
    const refused = await send({ ...sent, path, by: byEnvironment });
    expect([refused.status, refused.body.code]).toEqual([403, 'permission-missing']);
    const { status } = await tenant.as('Admin', path, sent);
    expect(status).not.toBe(403);
  };

const subjectDigest = `sha256:${'0'.repeat(64)}`;
const gatePath = `/external-gates/${newId()}`;
const gateRules = { name: 'gate', url: 'https://example.com/gate', deadlineMinutes: 5 };

const besideTheQuorum: Readonly<Record<string, () => Promise<void>>> = {
  'BreakGlassController.use': deciding('break-glass', { reason: 'a test', subjectDigest }),
  'BreakGlassController.review': missing(
    (isInside) => ({
      by: () => decider,
      path: `/approvals/deployments/${isInside ? inside : outside}/review`,
      method: 'POST',
      body: { verdict: 'justified', comment: 'a test' },
    }),
    { permission: 'approvals:decide', module: 'billing', environment: 'Staging' },
  ),
  'BreakGlassController.list': async () => {
    for (const deploymentId of deployments()) {
      await usedBreakGlass(app, { tenantId: tenant.id, deploymentId });
    }
    await lists(
      { by: byModule, path: '/break-glass' },
      ({ items }) => items.map(({ deploymentId }) => deploymentId),
      () => [inside],
    )();
  },
  'PasskeyDecisionsController.challenge': deciding('challenge', {
    decision: 'approve',
    subjectDigest,
  }),
  'PasskeyDecisionsController.evidence': deciding('evidence'),
  'ExternalGatesController.list': ofWholeTenant({ path: '/external-gates' }),
  'ExternalGatesController.get': ofWholeTenant({ path: gatePath }),
  'ExternalGatesController.create': ofWholeTenant({
    path: '/external-gates',
    method: 'POST',
    body: gateRules,
  }),
  'ExternalGatesController.replace': ofWholeTenant({
    path: gatePath,
    method: 'PUT',
    body: gateRules,
    headers: { 'if-match': '"1"' },
  }),
  'ExternalGatesController.rotateSecret': ofWholeTenant({
    path: `${gatePath}/rotate-secret`,
    method: 'POST',
  }),
  'ExternalGatesController.remove': ofWholeTenant({ path: gatePath, method: 'DELETE' }),
};

const cases: Readonly<Record<string, () => Promise<void>>> = {
  ...besideTheQuorum,
  'DeploymentsController.create': creating('/deployments'),
  'DeploymentsController.plan': creating('/deployments/plan'),
  'DeploymentsController.list': lists(
    { by: byModule, path: '/deployments' },
    ({ items }) => [...new Set(items.map(({ moduleName }) => moduleName))],
    () => ['orders'],
  ),
  'DeploymentsController.detail': reading(''),
  'DeploymentsController.plans': reading('/plan'),
  'DeploymentsController.eventsAfter': reading('/events'),
  'DeploymentsController.explain': reading('/explain'),
  'DeploymentsController.pause': verb('pause'),
  'DeploymentsController.resume': verb('resume'),
  'DeploymentsController.promote': verb('promote'),
  'DeploymentsController.cancel': verb('cancel'),
  'ApprovalReadsController.list': async () => {
    for (const change of [{}, there]) {
      const id = await tenant.deploy({ ...change, requireApproval: true });
      await app.pass(tenant.id, id, 'preflight');
      await app.act(tenant.id, id);
    }
    await lists(
      { by: byModule, path: '/approvals/pending' },
      ({ items }) => items.map(({ moduleName }) => moduleName),
      () => ['orders'],
    )();
  },
  'ApprovalReadsController.history': approval(''),
  'ApprovalReadsController.subject': approval('/subject'),
  'DecisionsController.approve': decision('approve', {
    subjectDigest: `sha256:${'0'.repeat(64)}`,
  }),
  'DecisionsController.reject': decision('reject', { reason: 'a test' }),
  'DecisionsController.comment': decision('comment', { comment: 'a test' }),
  'DecisionsController.withdraw': decision('withdraw', {}),
  'ReturnsController.rollback': verb('rollback'),
  'ReturnsController.retry': verb('retry'),
  'FreezesController.list': lists(
    { by: byEnvironment, path: '/freezes' },
    ({ items }) => items.flatMap(({ environments }) => environments),
    () => ['QA'],
  ),
  'FreezesController.calendar': lists(
    { by: byEnvironment, path: '/freezes/calendar' },
    ({ items }) => items.flatMap(({ environments }) => environments),
    () => ['QA'],
  ),
  'FreezesController.get': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/freezes/${id}` }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezesController.create': missing(
    (isInside) => ({
      by: byEnvironment,
      path: '/freezes',
      method: 'POST',
      body: freeze(isInside ? 'QA' : 'Staging'),
    }),
    { permission: 'freezes:manage', environment: 'Staging' },
  ),
  'FreezesController.replace': notFound(
    ({ id }) => ({
      by: byEnvironment,
      path: `/freezes/${id}`,
      method: 'PUT',
      body: freeze('QA'),
      headers: { 'if-match': '"9"' },
    }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezesController.remove': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/freezes/${id}`, method: 'DELETE' }),
    () => [freezes.inside, freezes.outside],
  ),
  'FreezeOverridesController.override': notFound(
    ({ id }) => ({
      by: byModule,
      path: `/deployments/${id}/override-freeze`,
      method: 'POST',
      body: { reason: 'a test' },
    }),
    deployments,
  ),
  'HoldsController.list': lists(
    { by: byModule, path: '/holds' },
    ({ items }) => items.map(({ module }) => module),
    () => ['orders'],
  ),
  'HoldsController.release': notFound(
    ({ id }) => ({
      by: byModule,
      path: `/holds/${id}`,
      method: 'DELETE',
      body: { reason: 'a test' },
    }),
    () => [holds.inside, holds.outside],
  ),
  'ModulesController.list': lists(
    { by: byModule, path: '/modules' },
    ({ items }) => items.map(({ name }) => name),
    () => ['orders'],
  ),
  'ModulesController.get': async () => {
    const refused = await send({ by: byModule, path: '/modules/billing' });
    const never = await send({ by: byModule, path: '/modules/never' });
    expect([refused.status, never.status]).toEqual([404, 404]);
    expect(refused.body.detail.replace('billing', 'never')).toBe(never.body.detail);
    expect((await send({ by: byModule, path: '/modules/orders' })).status).toBe(200);
  },
  'ReleasesController.push': async () => {
    const refused = await pushed('billing');
    expect(refused.status).toBe(403);
    expect(refused.body.details).toMatchObject({
      permission: 'releases:create',
      module: 'billing',
    });
    expect((await pushed('orders')).body.code).not.toBe('permission-missing');
  },
  ...Object.fromEntries(
    Object.entries({ list: '', get: '/1.0.0', artifact: '/1.0.0/artifact' }).map(
      ([method, rest]) => [
        `ReleasesController.${method}`,
        async () => {
          const refused = await send({ by: byModule, path: `/modules/billing/releases${rest}` });
          expect(refused).toMatchObject({ status: 404, body: { code: 'module-not-found' } });
          const allowed = await send({ by: byModule, path: `/modules/orders/releases${rest}` });
          expect(allowed.body.code).not.toBe('module-not-found');
        },
      ],
    ),
  ),
  'ConfigurationsController.list': async () => {
    const path = (module: string, environment: string) =>
      `/modules/${module}/configurations/${environment}`;
    const refused = await send({ by: byModule, path: path('billing', 'QA') });
    expect(refused).toMatchObject({ status: 404, body: { code: 'module-not-found' } });
    await missing(
      (isInside) => ({ by: byModule, path: path('orders', isInside ? 'QA' : 'Staging') }),
      {
        permission: 'configurations:read',
        module: 'orders',
        environment: 'Staging',
      },
    )();
  },
  'ConfigurationsController.create': missing(
    (isInside) => ({
      by: byModule,
      path: `/modules/orders/configurations/${isInside ? 'QA' : 'Production'}`,
      method: 'POST',
      body: { values: { LOG: 'warn' } },
    }),
    { permission: 'configurations:create', module: 'orders', environment: 'Production' },
  ),
  'EnvironmentsController.create': async () => {
    const { given } = await rules('QA');
    const refused = await send({
      by: byEnvironment,
      path: '/environments',
      method: 'POST',
      body: { ...given, name: 'Another' },
    });
    expect(refused).toMatchObject({ status: 403, body: { details: { environment: 'Another' } } });
  },
  'EnvironmentsController.replace': async () => {
    const { version, given } = await rules('Staging');
    const sent = (name: string): Sent => ({
      by: byEnvironment,
      path: `/environments/${name}`,
      method: 'PUT',
      body: given,
      headers: { 'if-match': `"${version}"` },
    });
    await missing((isInside) => sent(isInside ? 'QA' : 'Staging'), { environment: 'Staging' })();
    expect((await rules('Staging')).version).toBe(version);
  },
  ...policyScopeCases({
    asAdmin: ({ path, ...call }) => tenant.as('Admin', path, call),
    send: (sent) => send({ by: byEnvironment, ...sent }),
    missing: (sent, details) => missing((at) => ({ by: byEnvironment, ...sent(at) }), details),
    notFound: (sent, ids) => notFound((at) => ({ by: byEnvironment, ...sent(at) }), ids),
  }),
  ...Object.fromEntries(
    Object.entries({ set: 'PUT', unset: 'DELETE' }).map(([name, method]) => [
      `SettingsController.${name}`,
      async () => {
        const sent = (level: string): Sent => ({
          by: byEnvironment,
          path: `/settings/deployments.queued-per-slot${level}`,
          method,
          ...(method === 'PUT' ? { body: { value: 9 } } : {}),
          headers: { 'if-match': '"99"' },
        });
        const at = (environment: string) => sent(`?environment=${environment}`);
        const details = { permission: 'settings:manage', environment: 'Staging' };
        await missing((isInside) => at(isInside ? 'QA' : 'Staging'), details)();
        // What holds for all environments is set by whoever manages all of them.
        await missing((isInside) => (isInside ? at('QA') : sent('')), {
          permission: 'settings:manage',
        })();
      },
    ]),
  ),
  'ClustersController.list': lists(
    { by: byEnvironment, path: '/clusters' },
    ({ items }) => items.map(({ environment }) => environment),
    () => ['QA'],
  ),
  'ClustersController.get': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/clusters/${id}` }),
    () => [clusters.inside, clusters.outside],
  ),
  'ClustersController.create': missing(
    (isInside) => ({
      by: byEnvironment,
      path: '/clusters',
      method: 'POST',
      body: { environment: isInside ? 'QA' : 'Staging', name: 'local', targetKind: 'agent' },
    }),
    { permission: 'fleet:manage', environment: 'Staging' },
  ),
  'ClustersController.replace': notFound(
    ({ id }) => ({
      by: byEnvironment,
      path: `/clusters/${id}`,
      method: 'PUT',
      body: { minAvailable: 0, maxInFlight: null },
      headers: { 'if-match': '"9"' },
    }),
    () => [clusters.inside, clusters.outside],
  ),
  'NodesController.list': lists(
    { by: byEnvironment, path: '/nodes?limit=1' },
    ({ items }) => items.map(({ environment }) => environment),
    () => ['QA'],
  ),
  'NodesController.createToken': missing(
    (isInside) => ({
      by: byEnvironment,
      path: '/nodes/enrollment-tokens',
      method: 'POST',
      body: { environment: isInside ? 'QA' : 'Staging', cluster: 'local' },
    }),
    { permission: 'fleet:manage', environment: 'Staging' },
  ),
  'NodesController.get': node('', 'GET'),
  'NodesController.cordon': node('/cordon', 'POST'),
  'NodesController.uncordon': node('/uncordon', 'POST'),
  'NodesController.revoke': node('', 'DELETE'),
  'DeploymentHub.subscribe': async () => {
    const client = await hub(ofModule);
    const ask = (deploymentId: string) => client.ask('SubscribeToDeployment', { deploymentId });
    const [refused, never] = [await ask(outside), await ask(newId())];
    expect(refused.error).toMatchObject({ code: 'deployment-not-found' });
    expect({ ...refused.error, id: '' }).toEqual({ ...never.error, id: '' });
    expect(await ask(inside)).toMatchObject({ deploymentId: inside });
  },
  'DeploymentHub.subscribeAll': async () => {
    const [scoped, whole] = [await hub(ofModule), await hub(watcher)];
    const snapshot = await scoped.ask('SubscribeToAllDeployments', {});
    const told = snapshot.map(({ id }: { id: string }) => id);
    expect(told).toContain(inside);
    expect(told).not.toContain(outside);
    await whole.ask('SubscribeToAllDeployments', {});
    const [foreign, own] = [
      await tenant.deploy({ ...there, targetEnvironment: 'QA' }),
      await tenant.deploy({ strategy: { kind: 'direct' } }),
    ];
    await eventually(() => {
      for (const client of [scoped, whole]) expect(client.of(own)).not.toEqual([]);
      expect(whole.of(foreign)).not.toEqual([]);
    });
    expect(scoped.of(foreign)).toEqual([]);
  },
};

/** Keys that sign are of no module; the messages only take back what the other two gave. */
const HARMLESS = [
  'SigningKeysController.list',
  'DeploymentHub.unsubscribe',
  'DeploymentHub.unsubscribeAll',
];

describe('somebody with a scope', () => {
  it('has a case here for every route and message that a scope narrows', () => {
    const narrowed = checkAccess(app.whole.get(ModulesContainer)).flatMap((handler) => {
      if (handler.access.kind !== 'permission') return [];
      const { modules, environments } = scopeEffectsOf(handler.access.permission);
      const isNarrowed = modules === 'narrows' || environments === 'narrows';
      return isNarrowed ? [`${handler.controller}.${handler.method}`] : [];
    });
    expect(narrowed.length).toBeGreaterThan(20);
    expect([...Object.keys(cases), ...HARMLESS].sort()).toEqual(narrowed.sort());
  });

  it.each(Object.entries(cases))('cannot reach beyond it: %s', (_name, check) => check());

  it('loosens a gate only where they may', async () => {
    const held = [{ role: 'Deployer' } as const, { role: 'Admin', modules: ['billing'] } as const];
    const member = await scopedMember(app.whole, tenant.id, ...held);
    const loose = (order: object): Sent => ({
      by: () => member,
      path: '/deployments/plan',
      method: 'POST',
      body: { ...order, targetEnvironment: 'QA', gate: { consecutiveStableChecks: 1 } },
    });
    expect((await send(loose(orders))).body.code).toBe('override-not-permitted');
    expect((await send(loose(there))).status).toBe(200);
  });

  it('costs the others nothing: without a scope its condition is in no plan', async () => {
    const cut = declaredStatements().filter(({ parameters }) => parameters.includes('scopes'));
    expect(cut.length).toBeGreaterThanOrEqual(4);
    // Without these PostgreSQL would know beforehand that there is nothing.
    const { id } = tenant;
    const ids = { id, moduleId: id, releaseId: id, firstId: id, personId: id };
    const values: Readonly<Record<string, unknown>> = { tenantId: id, take: 10, ...ids };
    for (const { text, parameters } of cut) {
      const planned = async (scopes: string | null) => {
        const given = parameters.map((name) =>
          name === 'scopes' ? scopes : (values[name] ?? null),
        );
        return JSON.stringify(await app.sql(`explain (verbose) ${text}`, given));
      };
      expect(await planned(null)).not.toContain('jsonb_to_recordset');
      expect(await planned('[]')).toContain('jsonb_to_recordset');
    }
  });

  it('reads full pages, however many of the others lie between', async () => {
    for (let i = 0; i < 3; i += 1) await tenant.deploy({ ...there, strategy: { kind: 'direct' } });
    const all = await tenant.as('Admin', '/deployments?limit=200');
    const mine = all.body.items.filter(
      ({ moduleName }: { moduleName: string }) => moduleName === 'orders',
    );
    const ids: string[] = [];
    let cursor = '';
    do {
      const page = await send({
        by: byModule,
        path: `/deployments?limit=1${cursor && `&cursor=${cursor}`}`,
      });
      ids.push(...page.body.items.map(({ id }: { id: string }) => id));
      cursor = page.body.nextCursor ?? '';
    } while (cursor !== '');
    expect(ids).toEqual(mine.map(({ id }: { id: string }) => id));
  });
});

it('is over for a repeated request, too: a stored answer is for who may still ask', async () => {
  const { whole } = app;
  const scope = { modules: ['orders'], environments: ['QA'] };
  const who = await scopedMember(whole, tenant.id, { role: 'Deployer', ...scope });
  const id = await tenant.deploy();
  await app.sql(`update deployments set status = 'Failed' where id = $1`, [id]);
  const headers = { 'idempotency-key': newId() };
  const path = `/deployments/${id}/retry`;
  const retry = () => send({ by: () => who, path, method: 'POST', body: {}, headers });
  const first = await retry();
  expect(first.status).toBe(202);
  expect((await retry()).body).toEqual(first.body);
  const subject = { kind: 'user', id: who.userId } as const;
  await whole.inTenant(tenant.id, async (open) => {
    await removeRolesOf(open, subject);
    await bindRole(open, { role: 'Deployer', subject, scope: { ...scope, modules: ['billing'] } });
  });
  await eventually(async () => {
    const { status, body } = await retry();
    expect([status, body.code]).toEqual([404, 'deployment-not-found']);
  });
});
