/** A rolling rollout whose nodes die while it goes on: no batch begins that would leave too few. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { crashLoop, NodeReports } from '../support/node-reports.js';

const COUNT = 6;
const rolling = { strategy: { kind: 'rolling', maxUnavailable: 1 }, version: '2.0.0' };

let app: DeploymentsApp;
let reports: NodeReports;
beforeAll(async () => {
  app = await DeploymentsApp.start();
  reports = new NodeReports(app);
});
afterAll(() => app?.close());

/** As if its time had come: the engine looks once, and this is what people see then. */
async function look(tenant: DeployingTenant, id: string) {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
  return (await tenant.get(`/deployments/${id}`)).body;
}

/** Six nodes that run 1.0.0, all of them serving. */
async function serving(slug: string): Promise<DeployingTenant> {
  const tenant = await app.tenant(slug, COUNT);
  const id = await tenant.deploy({ strategy: { kind: 'direct' } });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  await reports.say('healthy', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'Succeeded' });
  await tenant.release('orders', '2.0.0');
  return tenant;
}

/** A rollout of which one node of six is done, and whose second one is still starting the release. */
async function begun(tenant: DeployingTenant): Promise<string> {
  const id = await tenant.deploy(rolling);
  await app.pass(tenant.id, id, 'preflight');
  for (let batch = 1; batch <= COUNT; batch += 1) {
    // Gates need minutes of traffic, and are not what this is about.
    for (const step of ['baseline', 'stabilization', 'utilization']) {
      await app.pass(tenant.id, id, `w${batch}.${step}`);
    }
  }
  expect(await look(tenant, id)).toMatchObject({ waitingOn: { kind: 'converge' } });
  await reports.say('healthy', 'node-0001');
  expect(await look(tenant, id)).toMatchObject({ waitingOn: { kind: 'converge' } });
  expect(await movedBy(id)).toEqual(['node-0001', 'node-0002']);
  return id;
}

async function movedBy(id: string): Promise<string[]> {
  const rows = await app.sql<{ name: string }>(
    `select n.name from desired_modules d join nodes n on n.id = d.node_id
     join deployments own on own.id = $1 and own.tenant_id = d.tenant_id
     where d.releases->0->>'releaseId' = own.release_id::text order by 1`,
    [id],
  );
  return rows.map(({ name }) => name);
}

const deaths = {
  'is lost': {
    die: (tenant: DeployingTenant, name: string) => reports.lose(tenant.id, name),
    return: (tenant: DeployingTenant, name: string) => reports.find(tenant.id, name),
  },
  'crash-loops': {
    die: (_: DeployingTenant, name: string) => reports.say('failed', name, crashLoop),
    return: (_: DeployingTenant, name: string) => reports.say('healthy', name),
  },
};

describe.each([
  ['that was not moved yet', 'node-0005'],
  ['that was moved already', 'node-0001'],
])('a rolling rollout with one node away at most, and a node %s', (_, name) => {
  it.each(Object.entries(deaths))('that %s begins no batch until it is back', async (how, node) => {
    const tenant = await serving(`${how}-${name}`.replaceAll(' ', '-'));
    const id = await begun(tenant);
    await node.die(tenant, name);
    await reports.say('healthy', 'node-0002');
    for (let looked = 0; looked < 2; looked += 1) {
      expect(await look(tenant, id)).toMatchObject({
        status: 'Running',
        waitingOn: { kind: 'serving', detail: expect.stringContaining(`Not serving: ${name}.`) },
      });
      expect(await movedBy(id)).toEqual(['node-0001', 'node-0002']);
    }
    await node.return(tenant, name);
    expect(await look(tenant, id)).toMatchObject({ waitingOn: { kind: 'converge' } });
    expect(await movedBy(id)).toEqual(['node-0001', 'node-0002', 'node-0003']);
  });
});

describe('a rolling rollout that waits for a node', () => {
  it('is undone when the node does not return in time, and says for which it waited', async () => {
    const tenant = await serving('never-back');
    const id = await begun(tenant);
    await reports.say('healthy', 'node-0002');
    await reports.lose(tenant.id, 'node-0005');
    expect(await look(tenant, id)).toMatchObject({ waitingOn: { kind: 'serving' } });
    await app.sql(
      `update journal set at = at - interval '16 minutes'
       where deployment_id = $1 and step_id = 'w3.serving'`,
      [id],
    );
    expect(await look(tenant, id)).toMatchObject({
      status: 'RollingBack',
      reason: expect.stringMatching(/not done within 900 s.*Not serving: node-0005\./),
      decision: { step: 'w3.serving' },
    });
    expect(await movedBy(id)).toEqual([]);
    await reports.say('healthy', 'node-000_');
    expect(await look(tenant, id)).toMatchObject({ status: 'RolledBack' });
  });
});
