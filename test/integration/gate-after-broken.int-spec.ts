/** What a gate's step does when time has passed unwatched, and when what ran before was broken. */
import { gates } from '../../src/deployments/gates/gates.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { crashLoop, NodeReports } from '../support/node-reports.js';

let app: DeploymentsApp;
let reports: NodeReports;
let tenant: DeployingTenant;
let tenants = 0;
beforeAll(async () => {
  app = await DeploymentsApp.start();
  reports = new NodeReports(app);
});
beforeEach(async () => {
  // A slot each, so that no deployment waits for another one.
  tenant = await app.tenant(`gates-${(tenants += 1)}`, 2);
});
afterAll(() => app?.close());

const all = { strategy: { kind: 'canary', wavesPercent: [100] } };

async function act(id: string) {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
  return (await tenant.get(`/deployments/${id}`)).body;
}

const say = (state: string, name: string, reason: object | null = null) =>
  app.sql(
    `update observed_modules o set state = $3, reason = $4::jsonb from nodes n
     where n.id = o.node_id and o.tenant_id = $1 and n.name like $2`,
    [tenant.id, name, state, reason && JSON.stringify(reason)],
  );

/** Its first gate is open. */
async function watched(change: object = {}): Promise<string> {
  const id = await tenant.deploy({ ...all, ...change });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  await reports.say('healthy', 'node-%');
  expect(await act(id)).toMatchObject({ waitingOn: { kind: 'gate' } });
  return id;
}

/** Everything is so much longer ago, and nobody has looked since. */
async function passes(id: string, minutes: number): Promise<void> {
  await app.sql(
    `update journal set at = at - $2::int * interval '1 minute' where deployment_id = $1`,
    [id, minutes],
  );
  await app.sql(
    `update gate_specs set body = jsonb_set(body::jsonb, '{movedAt}',
       to_jsonb((body->>'movedAt')::float8 - $2::int * 60000.0)) where deployment_id = $1`,
    [id, minutes],
  );
  await app.sql(
    `update runs set gate = gate::jsonb || jsonb_build_object(
       'readTo', (gate->>'readTo')::float8 - $2::int * 60000.0,
       'watchedSince', (gate->>'watchedSince')::float8 - $2::int * 60000.0) where id = $1`,
    [id, minutes],
  );
}

/** Polled just now, and all the minute before. */
const listens = (id: string) =>
  app.sql(
    `update runs set gate = gate::jsonb || jsonb_build_object(
       'readTo', extract(epoch from clock_timestamp()) * 1000,
       'watchedSince', extract(epoch from clock_timestamp()) * 1000 - 60000) where id = $1`,
    [id],
  );

describe('a gate that nobody could watch for an hour', () => {
  it('is not over by the deadline of its step', async () => {
    const id = await watched();
    await passes(id, 60);
    const { status, waitingOn } = await act(id);
    expect([status, waitingOn.kind]).toEqual(['Running', 'gate']);
    expect(Date.parse(waitingOn.until)).toBeGreaterThan(Date.now() + 60_000);
  });

  it('takes no node for lost that nobody could hear, and the same one later', async () => {
    const id = await watched();
    await passes(id, 60);
    await reports.lose(tenant.id, 'node-0001');
    expect(await act(id)).toMatchObject({ status: 'Running', waitingOn: { kind: 'gate' } });
    await listens(id);
    await reports.lose(tenant.id, 'node-0001');
    await act(id);
    const [note] = await app.sql<{ data: object }>(
      `select data from journal where deployment_id = $1 and kind = 'step-note'`,
      [id],
    );
    expect(note).toMatchObject({ data: { leftOut: ['node-0001'] } });
  });

  it('ends by what it has watched, when that is all of its time', async () => {
    const id = await watched();
    await app.sql(`update runs set gate = gate::jsonb || '{"watchedMs": 90000000}' where id = $1`, [
      id,
    ]);
    const { status, reason } = await act(id);
    expect(status).toBe('RollingBack');
    expect(reason).toContain('not done within');
  });
});

describe('a gate of which no node at all is heard', () => {
  it('goes on watching: it is the control plane that does not hear', async () => {
    const id = await watched();
    await listens(id);
    for (const name of ['node-0001', 'node-0002']) await reports.lose(tenant.id, name);
    expect(await act(id)).toMatchObject({ status: 'Running', waitingOn: { kind: 'gate' } });
  });
});

describe('a gate over nodes that were broken before', () => {
  async function afterCrashLoop(gate: object = {}): Promise<string> {
    const before = await watched();
    await app.sql(`update runs set gate = gate::jsonb || '{"verdict": "stable"}' where id = $1`, [
      before,
    ]);
    await act(before);
    await say('failed', 'node-%', crashLoop);
    await tenant.release('orders', '2.0.0');
    return watched({ version: '2.0.0', gate });
  }

  it('knows that they were down, though they have left no figures', async () => {
    const id = await afterCrashLoop();
    const [row] = await app.sql<{ baselines: object }>(
      `select body->'baselines' as baselines from gate_specs where deployment_id = $1`,
      [id],
    );
    expect(row!.baselines).toMatchObject({
      firstRelease: false,
      wave: null,
      broken: { wave: { why: 'down', err: 1 } },
    });
  });

  it('stops for a person when it cannot tell, although it should fail then', async () => {
    const id = await afterCrashLoop({ onNoData: 'fail' });
    const undecided = {
      verdict: 'inconclusive',
      reason: 'not good, but better',
      needsPerson: true,
    };
    await app.sql(`update runs set gate = gate::jsonb || $2::jsonb where id = $1`, [
      id,
      JSON.stringify(undecided),
    ]);
    expect(await act(id)).toMatchObject({
      status: 'Paused',
      waitingOn: { kind: 'attention' },
      reason: 'inconclusive: not good, but better',
    });
  });

  it('does not take back what works on one node because it failed on another', async () => {
    const id = await afterCrashLoop();
    await say('failed', 'node-0001', crashLoop);
    const { status, reason } = await act(id);
    expect(status).toBe('Paused');
    expect(reason).toContain('nothing is rolled back automatically');
  });

  it('takes back what failed on all of them', async () => {
    const id = await afterCrashLoop();
    await say('failed', 'node-%', crashLoop);
    expect(await act(id)).toMatchObject({ status: 'RollingBack' });
  });
});

describe('a gate of another version', () => {
  it('is begun anew by its step, with all its time', async () => {
    const id = await watched();
    await app.sql(
      `update gate_specs set body = jsonb_set(body::jsonb, '{version}', '0') where deployment_id = $1`,
      [id],
    );
    await passes(id, 60);
    expect(await act(id)).toMatchObject({ status: 'Running', waitingOn: { kind: 'gate' } });
    const [row] = await app.sql<{ version: number; watchedMs: number }>(
      `select (s.body->>'version')::int as version, (r.gate->>'watchedMs')::int as "watchedMs"
       from gate_specs s join runs r on r.id = s.deployment_id where r.id = $1`,
      [id],
    );
    const { version } = gates.get('stabilization');
    expect(row).toEqual({ version, watchedMs: 0 });
  });
});
