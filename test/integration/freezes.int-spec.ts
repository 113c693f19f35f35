/** What keeps rollouts from starting, over real HTTP and real steps that are acted on by hand. */
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { lockForStart } from '../../src/deployments/windows/start-lock.js';
import { newId } from '../../src/kernel/ids.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { DeploymentsApp, orders, type DeployingTenant } from '../support/deployments-app.js';

const HOUR_MS = 3_600_000;

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const now = () => ({ kind: 'once', from: inHours(-1), to: inHours(2) });

const admin = (
  tenant: DeployingTenant,
  method: string,
  path: string,
  body?: unknown,
  headers = {},
) => tenant.as('Admin', path, { method, headers, ...(body === undefined ? {} : { body }) });

async function freeze(tenant: DeployingTenant, change: object = {}) {
  const body = {
    name: `freeze ${newId()}`,
    reason: 'the end of the year',
    window: now(),
    ...change,
  };
  const answer = await admin(tenant, 'POST', '/freezes', body);
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
  return answer.body as { id: string; name: string; version: number; current: { to: string } };
}

async function ready(tenant: DeployingTenant, change: object = {}): Promise<string> {
  const id = await tenant.deploy({ strategy: { kind: 'direct' }, ...change });
  await app.pass(tenant.id, id, 'preflight');
  return id;
}

const shown = async (tenant: DeployingTenant, id: string) =>
  (await tenant.get(`/deployments/${id}`)).body;

async function acted(tenant: DeployingTenant, id: string) {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
  return shown(tenant, id);
}

const isAwake = async (id: string) =>
  (
    await app.sql<{ due: boolean }>(
      'select wake_at <= clock_timestamp() as due from runs where id = $1',
      [id],
    )
  )[0]!.due;

const notes = async (tenant: DeployingTenant, id: string) =>
  ((await tenant.get(`/deployments/${id}/events`)).body.items as { kind: string; data: object }[])
    .filter(({ kind }) => kind === 'step-note')
    .map(({ data }) => data);

const audited = (subject: string) =>
  app.sql<{ action: string; category: string; body: string }>(
    'select action, category, body_text as body from audit_entries where subject_id = $1 order by at',
    [subject],
  );

async function succeeded(tenant: DeployingTenant, ...ids: string[]): Promise<void> {
  await app.sql(
    `update deployments set status = 'Succeeded', finished_at = clock_timestamp() where id = any($1)`,
    [ids],
  );
}

describe('a freeze', () => {
  it('keeps a start waiting, says until when, and holds no slot meanwhile', async () => {
    const tenant = await app.tenant('frozen');
    const made = await freeze(tenant, { name: 'Christmas' });
    const id = await ready(tenant);
    const held = await acted(tenant, id);
    expect(held).toMatchObject({
      status: 'Pending',
      waitingOn: {
        kind: 'freeze',
        until: made.current.to,
        verb: 'override-freeze',
        who: 'someone who may override freezes',
        detail: `frozen by "Christmas" until ${made.current.to}`,
      },
    });
    const [slot] = await app.sql<{ holder: string | null }>(
      'select holder_deployment_id as holder from deployment_slots where tenant_id = $1',
      [tenant.id],
    );
    expect(slot!.holder).toBeNull();
    await acted(tenant, id);
    expect(await notes(tenant, id)).toHaveLength(1);

    expect((await admin(tenant, 'DELETE', `/freezes/${made.id}`)).status).toBe(204);
    expect(await isAwake(id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
    expect(await notes(tenant, id)).toMatchObject([
      { held: { kind: 'freeze' } },
      { released: true },
    ]);
    expect((await audited(made.id)).map(({ action, category }) => [action, category])).toEqual([
      ['freeze-created', 'approval'],
      ['freeze-removed', 'approval'],
    ]);
  });

  it('that recurs counts in its windows, by the clock there', async () => {
    const tenant = await app.tenant('recurring');
    const start = inHours(-25).slice(0, 16);
    const made = await freeze(tenant, {
      window: { kind: 'recurring', rule: 'FREQ=DAILY', start, duration: 'PT2H', timeZone: 'UTC' },
    });
    const id = await ready(tenant);
    expect((await acted(tenant, id)).waitingOn).toMatchObject({
      kind: 'freeze',
      until: made.current.to,
    });
    const later = inHours(-22).slice(0, 16);
    await admin(
      tenant,
      'PUT',
      `/freezes/${made.id}`,
      {
        name: 'later',
        reason: 'moved',
        window: {
          kind: 'recurring',
          rule: 'FREQ=DAILY',
          start: later,
          duration: 'PT2H',
          timeZone: 'UTC',
        },
      },
      { 'if-match': '"1"' },
    );
    expect(await isAwake(id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
  });

  it.each([
    ['another environment', { environments: ['Production'] }],
    ['another module', { modules: ['web'] }],
    ['a label that the environment does not bear', { labels: { tier: 'gold' } }],
    ['approvals only', { verbs: ['approve'] }],
    ['rollbacks only', { verbs: ['rollback'] }],
    ['times to come', { window: { kind: 'once', from: inHours(1), to: inHours(2) } }],
  ])('of %s is not in the way', async (name, change) => {
    const tenant = await app.tenant(`other-${newId().slice(-6)}`);
    await tenant.release('web', '1.0.0');
    await freeze(tenant, change);
    expect((await acted(tenant, await ready(tenant))).status).toBe('Running');
  });

  it.each([
    ['the environment, in whatever letters', { environments: ['qa'] }],
    ['the module', { modules: ['orders'] }],
    ['a label of the environment', { labels: { tier: 'silver' } }],
  ])('of %s is', async (name, change) => {
    const tenant = await app.tenant(`same-${newId().slice(-6)}`);
    await app.sql(
      `update environments set labels = '{"tier": "silver", "region": "eu"}' where tenant_id = $1`,
      [tenant.id],
    );
    await freeze(tenant, change);
    expect((await acted(tenant, await ready(tenant))).waitingOn).toMatchObject({ kind: 'freeze' });
  });

  it('that names them refuses new deployments and promotions, and says until when', async () => {
    const tenant = await app.tenant('refusing');
    const made = await freeze(tenant, { verbs: ['create'], name: 'All of it' });
    expect(await tenant.post('/deployments', orders)).toMatchObject({
      status: 409,
      body: { code: 'frozen', details: { freeze: 'All of it', until: made.current.to } },
    });
    expect((await tenant.post('/deployments/plan', orders)).status).toBe(200);
  });

  it('lets everything go back, unless it names that', async () => {
    const tenant = await app.tenant('going-back');
    await tenant.release('orders', '2.0.0');
    const [old, latest] = [await tenant.deploy(), await tenant.deploy({ version: '2.0.0' })];
    await succeeded(tenant, old, latest);
    await freeze(tenant, { verbs: ['create', 'approve', 'start', 'promote'] });
    const back = await tenant.post(`/deployments/${latest}/rollback`, {});
    expect(back.status).toBe(202);
    await app.pass(tenant.id, back.body.id, 'preflight');
    expect((await acted(tenant, back.body.id)).status).toBe('Running');
    await succeeded(tenant, back.body.id);
    await app.sql('update deployment_slots set holder_deployment_id = null where tenant_id = $1', [
      tenant.id,
    ]);

    await freeze(tenant, { verbs: ['rollback'] });
    const again = (to?: string) => tenant.post(`/deployments/${back.body.id}/rollback`, { to });
    expect((await again(latest)).body).toMatchObject({ code: 'frozen' });
    // Who is let pass is let back, too.
    const path = `/deployments/${back.body.id}/override-freeze`;
    expect((await admin(tenant, 'POST', path, { reason: 'it burns' })).status).toBe(200);
    const passed = await again(latest);
    expect(passed.status).toBe(202);
    await app.pass(tenant.id, passed.body.id, 'preflight');
    expect((await acted(tenant, passed.body.id)).status).toBe('Running');
  });

  it('is overridden for one deployment by who may, with a reason that stays', async () => {
    const tenant = await app.tenant('overridden');
    await tenant.release('web', '1.0.0');
    await freeze(tenant, { name: 'Quiet' });
    const [id, other] = [await ready(tenant), await ready(tenant, { moduleName: 'web' })];
    await acted(tenant, id);
    const path = `/deployments/${id}/override-freeze`;
    expect((await tenant.post(path, { reason: 'please' })).status).toBe(403);
    expect((await admin(tenant, 'POST', path, {})).status).toBe(400);
    const first = await admin(tenant, 'POST', path, { reason: 'mends the outage' });
    expect(first).toMatchObject({
      status: 200,
      body: { deploymentId: id, reason: 'mends the outage' },
    });
    expect((await admin(tenant, 'POST', path, { reason: 'again' })).body).toEqual(first.body);
    expect(await isAwake(id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
    expect((await acted(tenant, other)).waitingOn).toMatchObject({ kind: 'freeze' });
    const entry = (await audited(id)).find(({ action }) => action === 'freeze-overridden');
    expect(JSON.parse(entry!.body)).toEqual({
      module: 'orders',
      environment: 'QA',
      reason: 'mends the outage',
      freezes: ['Quiet'],
    });
    await app.sql(`update deployments set status = 'Failed' where id = $1`, [other]);
    expect(
      (await admin(tenant, 'POST', `/deployments/${other}/override-freeze`, { reason: 'late' }))
        .body.code,
    ).toBe('state-not-suitable');
  });

  it('is refused with what is wrong with it', async () => {
    const tenant = await app.tenant('refused');
    const recurring = (change: object) => ({
      kind: 'recurring',
      rule: 'FREQ=DAILY',
      start: '2026-12-04T16:00',
      duration: 'PT2H',
      timeZone: 'UTC',
      ...change,
    });
    const cases: [object, number, string, string][] = [
      [
        { window: { kind: 'once', from: inHours(2), to: inHours(1) } },
        422,
        'window.to',
        'after window.from',
      ],
      [
        { window: { kind: 'once', from: inHours(-2), to: inHours(-1) } },
        422,
        'window.to',
        'over already',
      ],
      [
        { window: { kind: 'once', from: inHours(1), to: inHours(24 * 93) } },
        422,
        'window.to',
        '92 days',
      ],
      [{ window: recurring({ rule: 'FREQ=HOURLY' }) }, 422, 'window.rule', 'one of DAILY'],
      [
        { window: recurring({ rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }) },
        422,
        'window.rule',
        'never happens',
      ],
      [
        { window: recurring({ rule: 'FREQ=DAILY;UNTIL=20261205', start: '2020-01-01T00:00' }) },
        201,
        '',
        '',
      ],
      [
        { window: recurring({ rule: 'FREQ=DAILY;COUNT=2', start: '2020-01-01T00:00' }) },
        422,
        'window.rule',
        'over',
      ],
      [{ window: recurring({ start: '2026-02-30T16:00' }) }, 422, 'window.start', 'no day'],
      [{ window: recurring({ duration: 'P1M' }) }, 422, 'window.duration', 'weeks, days'],
      [{ window: recurring({ duration: 'PT0M' }) }, 422, 'window.duration', 'nothing'],
      [{ window: recurring({ timeZone: '+02:00' }) }, 422, 'window.timeZone', 'IANA'],
      [{ window: recurring({ start: 'tomorrow' }) }, 400, 'window.start', 'like 2026'],
      [{ verbs: ['cancel'] }, 400, 'verbs.0', ''],
      [{ verbs: [] }, 400, 'verbs', ''],
      [{ until: 'ever' }, 400, 'until', ''],
      [{ environments: ['Nowhere'] }, 404, '', ''],
      [{ modules: ['nothing'] }, 404, '', ''],
    ];
    for (const [change, status, field, message] of cases) {
      const body = { name: `f ${newId()}`, reason: 'why', window: now(), ...change };
      const answer = await admin(tenant, 'POST', '/freezes', body);
      expect([change, answer.status]).toEqual([change, status]);
      if (field) expect(JSON.stringify(answer.body.details.fields)).toContain(field);
      expect(JSON.stringify(answer.body)).toContain(message);
    }
    const { name } = await freeze(tenant);
    const twice = await admin(tenant, 'POST', '/freezes', { name, reason: 'why', window: now() });
    expect(twice.body.code).toBe('freeze-exists');
    expect(
      (await tenant.post('/freezes', { name: 'x', reason: 'why', window: now() })).status,
    ).toBe(403);
  });

  it('is changed by who has seen it, found at a moment, and told in a calendar', async () => {
    const tenant = await app.tenant('told');
    const once = await freeze(tenant, { name: 'once', environments: ['Production'] });
    const weekly = await freeze(tenant, {
      name: 'weekly',
      window: {
        kind: 'recurring',
        rule: 'FREQ=WEEKLY;BYDAY=FR',
        start: '2027-01-01T16:00',
        duration: 'P2D',
        timeZone: 'Europe/Berlin',
      },
    });
    const names = async (query: string) =>
      ((await tenant.get(`/freezes${query}`)).body.items as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(await names('')).toEqual(['once', 'weekly']);
    expect(await names(`?at=${inHours(0)}`)).toEqual(['once']);
    expect(await names('?at=2027-01-02T00:00:00Z')).toEqual(['weekly']);
    expect(await names('?environment=QA')).toEqual(['weekly']);
    const calendar = await tenant.get(
      '/freezes/calendar?from=2027-01-01T00:00:00Z&to=2027-01-15T00:00:00Z',
    );
    expect(
      calendar.body.items.map(({ from, to }: { from: string; to: string }) => [from, to]),
    ).toEqual([
      ['2027-01-01T15:00:00.000Z', '2027-01-03T15:00:00.000Z'],
      ['2027-01-08T15:00:00.000Z', '2027-01-10T15:00:00.000Z'],
    ]);
    expect(
      (await tenant.get('/freezes/calendar?from=2027-01-01T00:00:00Z&to=2029-01-15T00:00:00Z')).body
        .code,
    ).toBe('calendar-too-long');
    const changed = { name: 'once', reason: 'moved', window: now() };
    const put = (version: string) =>
      admin(tenant, 'PUT', `/freezes/${once.id}`, changed, { 'if-match': version });
    expect((await put('"7"')).status).toBe(412);
    expect((await put('"1"')).body).toMatchObject({
      version: 2,
      environments: [],
      reason: 'moved',
    });
    const other = await app.tenant('told-other');
    expect((await other.get(`/freezes/${weekly.id}`)).status).toBe(404);
    expect((await admin(other, 'DELETE', `/freezes/${weekly.id}`)).status).toBe(404);
    expect((await other.get('/freezes')).body.items).toEqual([]);
  });
});

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
    expect(await isAwake(waiting)).toBe(true);
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
    const turns = (await audited(tenant.id)).filter(
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
    expect(await isAwake(id)).toBe(true);
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
    expect(await isAwake(early)).toBe(true);
    expect((await byKey()).status).toBe(202);
    expect((await tenant.get('/holds')).body.items).toEqual([]);
    expect((await tenant.get('/holds?state=released')).body.items).toMatchObject([
      { releaseReason: 'mended' },
    ]);
    expect((await audited(items[0].id)).map(({ action }) => action)).toEqual([
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
