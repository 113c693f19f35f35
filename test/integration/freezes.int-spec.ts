/** Freezes over real HTTP, and real steps that are acted on by hand. */
import { newId } from '../../src/kernel/ids.js';
import { DeploymentsApp, orders } from '../support/deployments-app.js';
import {
  acted,
  admin,
  audited,
  freeze,
  inHours,
  isAwake,
  notes,
  now,
  ready,
  succeeded,
} from '../support/held-rollouts.js';

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

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
    expect(await isAwake(tenant, id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
    expect(await notes(tenant, id)).toMatchObject([
      { held: { kind: 'freeze' } },
      { released: true },
    ]);
    expect(
      (await audited(tenant, made.id)).map(({ action, category }) => [action, category]),
    ).toEqual([
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
    expect(await isAwake(tenant, id)).toBe(true);
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

  it('that names new deployments refuses them, and says until when', async () => {
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
    expect(await isAwake(tenant, id)).toBe(true);
    expect((await acted(tenant, id)).status).toBe('Running');
    expect((await acted(tenant, other)).waitingOn).toMatchObject({ kind: 'freeze' });
    const entry = (await audited(tenant, id)).find(({ action }) => action === 'freeze-overridden');
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
      [
        { window: recurring({ start: '2026-02-30T16:00' }) },
        422,
        'window.start',
        'not a valid date',
      ],
      [{ window: recurring({ duration: 'P1M' }) }, 422, 'window.duration', 'weeks, days'],
      [{ window: recurring({ duration: 'PT0M' }) }, 422, 'window.duration', 'not be empty'],
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
