/**
 * Whoever holds roles for some modules and environments only: each route and message that a scope
 * narrows, tried from outside of it. A new one without a case fails.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { newId } from '../../src/kernel/ids.js';
import { scopeEffectsOf } from '../../src/kernel/permission.js';
import { bindRole, removeRolesOf } from '../../src/tenancy/permissions/role-bindings.store.js';
import { declaredStatements } from '../../src/platform/database/statement.js';
import { checkAccess } from '../../src/platform/http/access-check.js';
import { orders } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';
import { policyScopeCases } from '../support/policy-scope-cases.js';
import { scopedMember } from '../support/scoped-member.js';
import { changeControlCases } from '../support/scopes/change-control-cases.js';
import {
  startScopes,
  stopScopes,
  type Sent,
  app,
  byEnvironment,
  byModule,
  clusters,
  creating,
  deployments,
  hub,
  inside,
  lists,
  missing,
  node,
  notFound,
  ofModule,
  outside,
  pushed,
  reading,
  rules,
  send,
  tenant,
  there,
  toldIn,
  verb,
  watcher,
} from '../support/scopes/rig.js';

beforeAll(startScopes);
afterAll(stopScopes);

const cases: Readonly<Record<string, () => Promise<void>>> = {
  ...changeControlCases,
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
  'DrainController.drain': node('/drain', 'POST'),
  'MetricsController.ofDeployment': reading('/metrics'),
  'MetricsController.ofCluster': notFound(
    ({ id }) => ({ by: byEnvironment, path: `/clusters/${id}/metrics` }),
    () => [clusters.inside, clusters.outside],
  ),
  'DeploymentsController.failureLog': async () => {
    const [mine, theirs] = deployments();
    const read = (id: string) =>
      send({ by: byModule, path: `/deployments/${id}/nodes/node-1/log` });
    expect(toldIn(await read(theirs))).toEqual(toldIn(await read(newId())));
    expect((await read(theirs)).body.code).toBe('deployment-not-found');
    expect((await read(mine)).body.code).toBe('failure-log-not-found');
  },
  'ReceiptsController.receipt': reading('/receipt'),
  'DeploymentsController.pause': verb('pause'),
  'DeploymentsController.resume': verb('resume'),
  'DeploymentsController.promote': verb('promote'),
  'DeploymentsController.cancel': verb('cancel'),
  'ReturnsController.rollback': verb('rollback'),
  'ReturnsController.retry': verb('retry'),
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
