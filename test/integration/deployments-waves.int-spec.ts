/** The real steps and the real store, acted on by hand: what one transaction must be able to do. */
import { limits } from '../../src/kernel/limits.js';
import { withClient } from '../support/database.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { NodeReports } from '../support/node-reports.js';

let app: DeploymentsApp;
let reports: NodeReports;
beforeAll(async () => {
  app = await DeploymentsApp.start();
  reports = new NodeReports(app);
});
afterAll(() => app?.close());

const kindsOf = async (id: string) =>
  (
    await app.sql<{ line: string }>(
      `select kind || coalesce(' ' || step_id, '') as line from journal
       where deployment_id = $1 order by seq`,
      [id],
    )
  ).map(({ line }) => line);

async function begun(tenant: DeployingTenant, change: object = {}): Promise<string> {
  const id = await tenant.deploy({ strategy: { kind: 'direct' }, ...change });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  return id;
}

describe('a table that somebody has locked', () => {
  it('costs no attempt of a move, and the move is made when it is free', async () => {
    const tenant = await app.tenant('locked', 2);
    const id = await tenant.deploy({ strategy: { kind: 'direct' } });
    await app.pass(tenant.id, id, 'preflight');
    await withClient(app.whole.database.superuser, async (client) => {
      await client.query('begin');
      await client.query('lock table desired_modules in access exclusive mode');
      await expect(app.act(tenant.id, id)).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'database-unavailable',
      });
    });
    expect(await kindsOf(id)).not.toContain('step-failed w1.move');
    await app.sql('update runs set lease_owner = null, lease_until = null where id = $1', [id]);
    await app.act(tenant.id, id);
    expect((await kindsOf(id)).slice(-3)).toEqual([
      'step-started w1.move',
      'step-succeeded w1.move',
      'step-started w1.converge',
    ]);
  });
});

describe('a wave of as many nodes as one transaction moves', () => {
  it('moves them all, and takes them all back', async () => {
    const tenant = await app.tenant('wide', limits.nodesPerWave);
    const id = await begun(tenant);
    const at = `/deployments/${id}`;
    expect((await tenant.get(at)).body).toMatchObject({
      status: 'Running',
      reason: null,
      waitingOn: { kind: 'converge', detail: expect.stringContaining('0 of 500 nodes run it') },
    });
    expect(await kindsOf(id)).not.toContain('step-failed w1.move');
    await tenant.post(`${at}/cancel`, { reason: 'enough' });
    await app.act(tenant.id, id);
    expect((await tenant.get(at)).body).toMatchObject({
      status: 'RollingBack',
      waitingOn: { kind: 'converge' },
    });
    await reports.say('absent', '%');
    await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
    await app.act(tenant.id, id);
    expect((await tenant.get(at)).body).toMatchObject({ status: 'Cancelled', reason: 'enough' });
    expect((await kindsOf(id)).slice(-5)).toEqual([
      'step-started u1.move',
      'step-succeeded u1.move',
      'step-started u1.converge',
      'step-succeeded u1.converge',
      'finished',
    ]);
  });

  it('goes back all the same when none of them can be reached', async () => {
    const tenant = await app.tenant('far', limits.nodesPerWave);
    await app.sql(`update nodes set name = repeat('far-', 10) || name where tenant_id = $1`, [
      tenant.id,
    ]);
    const id = await begun(tenant);
    const at = `/deployments/${id}`;
    await tenant.post(`${at}/cancel`, { reason: 'enough' });
    await app.act(tenant.id, id);
    await app.sql(
      `update node_presence set last_report_at = clock_timestamp() - interval '1 minute'
       where tenant_id = $1`,
      [tenant.id],
    );
    await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
    await app.act(tenant.id, id);
    expect((await tenant.get(at)).body).toMatchObject({
      status: 'Cancelled',
      reason: expect.stringMatching(/^enough; left out: .* and 495 more \(lost\)$/),
    });
  });
});

describe('a rollout of a few nodes', () => {
  let tenant: DeployingTenant;
  beforeAll(async () => {
    tenant = await app.tenant('few', 3);
  });
  const wake = async (id: string, of = tenant) => {
    await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
    await app.act(of.id, id);
    return (await of.get(`/deployments/${id}`)).body;
  };

  it('waits until the last node runs it, and is the cluster’s release then', async () => {
    const id = await begun(tenant);
    await reports.say('healthy', 'node-000%');
    await reports.say('converging', 'node-0003');
    expect(await wake(id)).toMatchObject({
      status: 'Running',
      waitingOn: { detail: expect.stringContaining('2 of 3') },
    });
    await reports.say('healthy', 'node-0003');
    expect(await wake(id)).toMatchObject({ status: 'Succeeded', progress: { percent: 100 } });
    const targets = await app.sql(
      'select deployment_id as id from module_targets where tenant_id = $1',
      [tenant.id],
    );
    expect(targets).toEqual([{ id }]);
  });

  it('goes back to what each node ran before when one node cannot run it', async () => {
    await tenant.release('orders', '2.0.0');
    const before = await app.sql('select node_id, releases from desired_modules order by 1');
    const id = await begun(tenant, { version: '2.0.0' });
    await reports.say('healthy', 'node-000%');
    await reports.say('failed', 'node-0002');
    expect(await wake(id)).toMatchObject({
      status: 'RollingBack',
      waitingOn: { kind: 'converge' },
      reason: expect.stringContaining('node node-0002 could not run it'),
      decision: { step: 'w1.converge' },
    });
    expect(await app.sql('select node_id, releases from desired_modules order by 1')).toEqual(
      before,
    );
    await reports.say('healthy', 'node-000%');
    expect(await wake(id)).toMatchObject({ status: 'RolledBack', progress: { percent: 80 } });
    const holders = await app.sql(
      'select 1 from deployment_slots where tenant_id = $1 and holder_deployment_id is not null',
      [tenant.id],
    );
    expect(holders).toEqual([]);
  });

  it('tells a node again that could not run anew what it had run before', async () => {
    const told = () =>
      app.sql<{ generation: number }>(
        `select d.generation::int from desired_modules d join nodes n on n.id = d.node_id
         where n.tenant_id = $1 order by n.name`,
        [tenant.id],
      );
    // The release that the nodes run already: forward and back are the same content.
    const id = await begun(tenant, { version: '1.0.0' });
    const forward = await told();
    await reports.say('healthy', 'node-000%');
    await reports.say('failed', 'node-0002');
    expect(await wake(id)).toMatchObject({ status: 'RollingBack' });
    const back = await told();
    expect(back.map(({ generation }, at) => generation - forward[at]!.generation)).toEqual(
      forward.map((_, at) => (at === 1 ? 1 : 0)),
    );
    await reports.say('healthy', 'node-000%');
    expect(await wake(id)).toMatchObject({ status: 'RolledBack' });
  });

  it('goes on without a node that was lost, and with two lost it goes back', async () => {
    const lose = (name: string) => reports.lose(tenant.id, name);
    // It was taken back here before: this test means to send it again.
    const one = await begun(tenant, { version: '2.0.0', allowRolledBack: true });
    await reports.say('healthy', 'node-0001');
    await reports.say('healthy', 'node-0002');
    await app.sql(`update observed_modules set generation = 0 where node_id in
      (select id from nodes where name = 'node-0003')`);
    await lose('node-0003');
    expect(await wake(one)).toMatchObject({ status: 'Succeeded' });
    await app.sql(
      `update node_presence set last_report_at = clock_timestamp() + interval '1 hour'`,
    );
    await tenant.release('orders', '3.0.0');
    const two = await begun(tenant, { version: '3.0.0' });
    await lose('node-0002');
    await lose('node-0003');
    expect(await wake(two)).toMatchObject({
      status: 'RollingBack',
      reason: 'nodes were lost in this wave: node-0002, node-0003',
    });
  });

  it('goes back for what a gate has found, also when a node is lost at the same moment', async () => {
    const own = await app.tenant('both', 3);
    const id = await begun(own, { strategy: { kind: 'canary', wavesPercent: [100] } });
    await reports.say('healthy', 'node-%');
    expect(await wake(id, own)).toMatchObject({ waitingOn: { kind: 'gate' } });
    await app.sql(
      `update runs set gate = gate::jsonb || '{"verdict": "unstable", "reason": "errors rose"}' where id = $1`,
      [id],
    );
    await reports.lose(own.id, 'node-0003');
    expect(await wake(id, own)).toMatchObject({ status: 'RollingBack', reason: 'errors rose' });
  });
});
