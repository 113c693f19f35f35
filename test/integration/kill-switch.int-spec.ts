/** The kill switch, dates and holds over real HTTP, and real steps that are acted on by hand. */
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { lockForStart } from '../../src/deployments/windows/start-lock.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { DeploymentsApp, orders, type DeployingTenant } from '../support/deployments-app.js';
import {
  acted,
  admin,
  audited,
  freeze,
  inHours,
  isAwake,
  ready,
  succeeded,
} from '../support/held-rollouts.js';

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

describe('the kill switch', () => {
  const turn = (tenant: DeployingTenant, isOn: boolean) =>
    admin(tenant, 'PUT', '/kill-switch', { isOn, reason: 'the database is moved' });

  it('holds starts and further waves, takes nothing of their time, and is told', async () => {
    const tenant = await app.tenant('switched');
    await tenant.release('web', '1.0.0');
    const [moving, waiting] = [await ready(tenant), await ready(tenant, { moduleName: 'web' })];
    const began = performance.now();
    expect(await turn(tenant, true)).toMatchObject({
      status: 200,
      body: { level: 'tenant', isOn: true, isHeldByPlatform: false },
    });
    expect(performance.now() - began).toBeLessThan(1_000);
    const held = await acted(tenant, waiting);
    expect(held).toMatchObject({
      status: 'Pending',
      waitingOn: { kind: 'kill-switch', verb: 'kill-switch off' },
    });
    expect(held.waitingOn.detail).toContain('"the database is moved"');
    await turn(tenant, false);
    expect(await isAwake(tenant, waiting)).toBe(true);
    expect((await acted(tenant, waiting)).status).toBe('Running');

    // Past the slot, before its first wave; for longer than a move may take.
    await app.pass(tenant.id, moving, 'slot');
    await app.pass(tenant.id, moving, 'recheck');
    await app.sql(`update deployments set status = 'Running' where id = $1`, [moving]);
    await turn(tenant, true);
    expect((await acted(tenant, moving)).waitingOn.kind).toBe('kill-switch');
    await app.sql(
      `update journal set at = at - interval '1 day' where deployment_id = $1 and kind in ('step-started', 'step-note')`,
      [moving],
    );
    expect(await acted(tenant, moving)).toMatchObject({
      status: 'Running',
      waitingOn: { kind: 'kill-switch' },
    });
    await turn(tenant, false);
    expect((await acted(tenant, moving)).waitingOn.kind).toBe('converge');
    const turns = (await audited(tenant, tenant.id)).filter(
      ({ action }) => action === 'kill-switch-turned',
    );
    expect(turns.map(({ body }) => (JSON.parse(body) as { isOn: boolean }).isOn)).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('never holds a rollback', async () => {
    const tenant = await app.tenant('switched-back');
    await tenant.release('orders', '2.0.0');
    const [old, latest] = [await tenant.deploy(), await tenant.deploy({ version: '2.0.0' })];
    await succeeded(tenant, old, latest);
    await turn(tenant, true);
    const back = await tenant.post(`/deployments/${latest}/rollback`, {});
    await app.pass(tenant.id, back.body.id, 'preflight');
    await app.pass(tenant.id, back.body.id, 'recheck');
    expect(await acted(tenant, back.body.id)).toMatchObject({
      status: 'Running',
      waitingOn: { kind: 'converge' },
    });
  });

  it('is answered only when all that had read it before is over', async () => {
    const tenant = await app.tenant('linear');
    const database = app.whole.get(Database);
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    let isStarted: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (isStarted = resolve));
    const order: string[] = [];
    const starting = database
      .transaction(Context.system(tenant.id, 'test'), async (open) => {
        await lockForStart(open);
        isStarted();
        await gate;
        // The switch is not on yet for whoever has begun before.
        order.push('started');
      })
      .then(() => order.push('committed'));
    await started;
    const turning = turn(tenant, true).then(() => order.push('turned'));
    // It waits in the database: as long as somebody holds the lock that it wants.
    const isWaiting = async () =>
      (
        await app.sql<{ n: number }>(
          `select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`,
        )
      )[0]!.n > 0;
    while (!(await isWaiting()));
    goOn();
    await Promise.all([starting, turning]);
    expect(order).toEqual(['started', 'committed', 'turned']);
  });

  it('of the platform is of all tenants, and is the reserved tenant’s', async () => {
    const tenant = await app.tenant('under-platform');
    const operator = await app.whole.member(PLATFORM_TENANT.id, 'PlatformAdmin');
    const platform = (isOn: boolean) =>
      fetch(`${app.whole.url}/api/v1/kill-switch`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${operator.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ isOn, reason: 'everything stops' }),
      });
    const id = await ready(tenant);
    const answer = await platform(true);
    try {
      expect(await answer.json()).toMatchObject({ level: 'platform', isOn: true });
      const held = await acted(tenant, id);
      expect(held.waitingOn).toMatchObject({
        kind: 'kill-switch',
        who: 'whoever operates the platform',
      });
      expect((await tenant.get('/kill-switch')).body).toMatchObject({
        isOn: false,
        isHeldByPlatform: true,
      });
      // A tenant's Admin turns their own, and nothing of it.
      await turn(tenant, false);
      expect((await acted(tenant, id)).status).toBe('Pending');
    } finally {
      expect((await platform(false)).status).toBe(200);
    }
    expect(await isAwake(tenant, id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
    expect(
      (
        await tenant.as('Deployer', '/kill-switch', {
          method: 'PUT',
          body: { isOn: true, reason: 'x' },
        })
      ).status,
    ).toBe(403);
  });
});

describe('a start at a date', () => {
  it('waits for it, and is asked about all the rest when it comes', async () => {
    const tenant = await app.tenant('dated');
    await tenant.release('web', '1.0.0');
    const startAt = inHours(5);
    const id = await ready(tenant, { startAt });
    expect((await acted(tenant, id)).waitingOn).toMatchObject({
      kind: 'schedule',
      until: startAt,
      verb: 'cancel',
    });
    // Nobody waits behind it.
    const next = await ready(tenant);
    expect((await acted(tenant, next)).status).toBe('Running');
    const due = await ready(tenant, { startAt, moduleName: 'web' });
    await app.sql(
      `update deployments set spec_text = jsonb_set(spec_text::jsonb, '{start,startAt}', '1')::text where id = $1`,
      [due],
    );
    await freeze(tenant);
    expect((await acted(tenant, due)).waitingOn.kind).toBe('freeze');
  });

  it('ends as Failed when it has not started in time, whatever has held it', async () => {
    const tenant = await app.tenant('expired');
    await freeze(tenant);
    const expiresAt = inHours(1);
    const id = await ready(tenant, { expiresAt });
    await acted(tenant, id);
    const [run] = await app.sql<{ wake: Date }>('select wake_at as wake from runs where id = $1', [
      id,
    ]);
    expect(run!.wake.getTime()).toBeLessThanOrEqual(Date.parse(expiresAt));
    const late = await ready(tenant, { expiresAt });
    await app.sql(
      `update deployments set spec_text = jsonb_set(spec_text::jsonb, '{start,expiresAt}', '1')::text where id = $1`,
      [late],
    );
    const ended = await acted(tenant, late);
    expect(ended.status).toBe('Failed');
    expect(ended.reason).toContain('It has not started: it was not to start after');
  });

  it('is refused in the past, too far ahead, and the wrong way round', async () => {
    const tenant = await app.tenant('misdated');
    const fieldsOf = async (change: object) =>
      (await tenant.post('/deployments', { ...orders, ...change })).body.details?.fields;
    expect(await fieldsOf({ startAt: inHours(-1) })).toMatchObject({
      startAt: expect.stringContaining('after now'),
    });
    expect(await fieldsOf({ startAt: inHours(24 * 93) })).toMatchObject({
      startAt: 'must be within 92 days',
    });
    expect(await fieldsOf({ startAt: inHours(2), expiresAt: inHours(1) })).toEqual({
      expiresAt: 'must be after startAt',
    });
    expect(await fieldsOf({ expiresAt: inHours(-1) })).toMatchObject({
      expiresAt: expect.stringContaining('after now'),
    });
    expect(await fieldsOf({ startAt: 'soon' })).toMatchObject([{ path: 'startAt' }]);
  });

  it('is no part of what is approved', async () => {
    const tenant = await app.tenant('same-subject');
    const digest = async (change: object) =>
      (await tenant.post('/deployments/plan', { ...orders, ...change })).body.subjectDigest;
    expect(await digest({ startAt: inHours(5), expiresAt: inHours(6) })).toBe(await digest({}));
  });
});

describe('a hold', () => {
  async function rolledBack(slug: string, environment: string) {
    const tenant = await app.tenant(slug);
    await app.sql(`update environments set signature_policy = 'if-present' where tenant_id = $1`, [
      tenant.id,
    ]);
    if (environment !== 'QA') await tenant.nodes(environment, 2);
    await tenant.release('orders', '2.0.0');
    const there = { targetEnvironment: environment };
    const [old, latest] = [
      await tenant.deploy(there),
      await tenant.deploy({ ...there, version: '2.0.0' }),
    ];
    await succeeded(tenant, old, latest);
    const made = await tenant.post('/access-keys', { name: 'ci', permissions: 'deploy' });
    expect(made.status).toBe(201);
    const byKey = (change: object = {}) =>
      fetch(`${app.whole.url}/api/v1/deployments`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${made.body.secret}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          ...orders,
          ...there,
          version: '2.0.0',
          allowRolledBack: true,
          ...change,
        }),
      }).then(async (answer) => ({
        status: answer.status,
        body: (await answer.json()) as { id: string; code?: string },
      }));
    const early = await byKey();
    expect(early.status).toBe(202);
    const back = await tenant.post(`/deployments/${latest}/rollback`, {
      reason: 'orders are lost',
    });
    expect(back.status).toBe(202);
    return {
      tenant,
      byKey,
      there,
      latest,
      back: back.body.id as string,
      early: early.body.id,
    };
  }

  it('follows a person’s rollback in Production: machines wait for a person, people say why', async () => {
    const { tenant, byKey, there, latest, back, early } = await rolledBack('held', 'Production');
    expect(await byKey()).toMatchObject({ status: 409, body: { code: 'target-held' } });
    expect((await byKey({ reason: 'I am a machine' })).status).toBe(409);
    // What a machine had asked for before waits.
    await succeeded(tenant, back);
    await app.pass(tenant.id, early, 'preflight');
    expect((await acted(tenant, early)).waitingOn).toMatchObject({
      kind: 'hold',
      verb: 'holds release',
    });

    const again = { ...orders, ...there, version: '2.0.0', allowRolledBack: true };
    expect((await tenant.post('/deployments', again)).body.code).toBe('target-held');
    expect((await tenant.post('/deployments', { ...again, reason: 'mended by hand' })).status).toBe(
      202,
    );

    const { items } = (await tenant.get('/holds')).body;
    expect(items).toMatchObject([
      {
        module: 'orders',
        environment: 'Production',
        deploymentId: latest,
        rollbackId: back,
        reason: 'orders are lost',
      },
    ]);
    const release = (role: 'Operator' | 'Deployer', body: object = { reason: 'mended' }) =>
      tenant.as(role, `/holds/${items[0].id}`, { method: 'DELETE', body });
    expect((await release('Operator')).status).toBe(403);
    expect((await release('Deployer', {})).status).toBe(400);
    expect((await release('Deployer')).status).toBe(204);
    expect((await release('Deployer')).status).toBe(404);
    expect(await isAwake(tenant, early)).toBe(true);
    expect((await byKey()).status).toBe(202);
    expect((await tenant.get('/holds')).body.items).toEqual([]);
    expect((await tenant.get('/holds?state=released')).body.items).toMatchObject([
      { releaseReason: 'mended' },
    ]);
    expect((await audited(tenant, items[0].id)).map(({ action }) => action)).toEqual([
      'hold-placed',
      'hold-released',
    ]);
  });

  it('is not placed elsewhere, unless the setting says so', async () => {
    const { tenant, byKey } = await rolledBack('not-held', 'QA');
    expect((await tenant.get('/holds')).body.items).toEqual([]);
    expect((await byKey()).status).toBe(202);
  });
});
