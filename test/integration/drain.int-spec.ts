/** Draining a node: what it should run becomes nothing, where that is allowed, and comes back by uncordon. */
import { CatchUp } from '../../src/drivers/targets/agent/catch-up.js';
import { newId } from '../../src/kernel/ids.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { NodeReports } from '../support/node-reports.js';

let app: DeploymentsApp;
let reports: NodeReports;
let tenant: DeployingTenant;
let tenants = 0;
let nodes: { id: string; name: string }[];
let deployment: string;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  reports = new NodeReports(app);
});
afterAll(() => app?.close());

/** Three nodes run `orders`, and nothing is in flight. */
beforeEach(async () => {
  tenant = await app.tenant(`drain-${(tenants += 1)}`, 3);
  const { items } = (await tenant.get('/nodes?sort=name')).body;
  nodes = items;
  deployment = await tenant.deploy({ strategy: { kind: 'direct' } });
  await app.pass(tenant.id, deployment, 'preflight');
  await app.act(tenant.id, deployment);
  await say('healthy');
});

async function say(state: string): Promise<void> {
  await reports.say(state, 'node-%');
}

/** It has succeeded, and the cluster runs it. */
async function settled(): Promise<void> {
  await app.sql(
    `with over as (update deployments set status = 'Succeeded', finished_at = now() where id = $1),
       free as (update deployment_slots set holder_deployment_id = null where holder_deployment_id = $1)
     insert into module_targets (tenant_id, cluster_id, module_id, release_id, deployment_id)
     select tenant_id, cluster_id, module_id, release_id, id from deployments where id = $1`,
    [deployment],
  );
}

const drain = (at = 0, body: object = {}) =>
  tenant.as('Admin', `/nodes/${nodes[at]!.id}/drain`, { method: 'POST', body });
const show = async (at = 0) => (await tenant.get(`/nodes/${nodes[at]!.id}`)).body;
const desired = async (at = 0) =>
  app.sql<{ generation: string; releases: unknown[] }>(
    `select generation, releases from desired_modules where node_id = $1`,
    [nodes[at]!.id],
  );
const minAvailable = (count: number) =>
  app.sql('update clusters set min_available = $2 where tenant_id = $1', [tenant.id, count]);

it('stops what runs by a new generation, and says how far it is', async () => {
  await settled();
  const before = await desired();
  const { status, body } = await drain(0, { reason: 'a new disk', deadlineMinutes: 5 });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    state: 'Cordoned',
    drain: { state: 'draining', reason: 'a new disk', left: ['orders'] },
  });
  expect(Date.parse(body.drain.deadlineAt) - Date.parse(body.drain.since)).toBe(300_000);
  const [told] = await desired();
  expect(told).toMatchObject({ releases: [] });
  expect(Number(told!.generation)).toBe(Number(before[0]!.generation) + 1);
  // The others run on.
  expect((await desired(1))[0]!.releases).toHaveLength(1);
  await reports.say('absent', 'node-0001');
  expect((await show()).drain).toMatchObject({ state: 'drained', left: [] });
  // Once: neither a generation nor an entry more.
  expect((await drain(0, { reason: 'another' })).body.drain.reason).toBe('a new disk');
  expect((await desired())[0]!.generation).toBe(told!.generation);
  const [entries] = await app.sql<{ count: number }>(
    `select count(*)::int from audit_entries where action = 'node-drained' and tenant_id = $1`,
    [tenant.id],
  );
  expect(entries).toEqual({ count: 1 });
});

it('is overdue when something still runs after its deadline, and needs a person then', async () => {
  await settled();
  await drain();
  await app.sql(`update nodes set drain_deadline_at = now() - interval '1 minute' where id = $1`, [
    nodes[0]!.id,
  ]);
  expect((await show()).drain.state).toBe('overdue');
  const path = '/attention?kind=drain-overdue';
  const { items } = (await tenant.get(path)).body;
  expect(items).toMatchObject([{ node: 'node-0001', subject: { id: nodes[0]!.id } }]);
  await reports.say('absent', 'node-0001');
  expect((await tenant.get(path)).body.items).toEqual([]);
});

it('comes back by uncordon with what the cluster runs by then', async () => {
  await settled();
  await drain();
  await reports.say('absent', 'node-0001');
  const catchUp = () =>
    app.whole.inTenant(tenant.id, async (open) =>
      app.whole.get(CatchUp).catchUp(open, nodes[0]!.id, (await show()).clusterId as string),
    );
  // Drained, it gets nothing, whatever it reports.
  expect(await catchUp()).toBe(0);
  const uncordon = { method: 'POST' };
  const { body } = await tenant.as('Admin', `/nodes/${nodes[0]!.id}/uncordon`, uncordon);
  expect(body).toMatchObject({ drain: null, state: 'Healthy' });
  const [before] = await desired();
  expect(await catchUp()).toBe(1);
  const [after] = await desired();
  expect(after!.releases).toHaveLength(1);
  expect(Number(after!.generation)).toBeGreaterThan(Number(before!.generation));
});

it('is refused while a rollout moves the cluster, which is named', async () => {
  const { status, body } = await drain();
  expect([status, body.code]).toEqual([409, 'drain-during-rollout']);
  expect(body.details).toEqual({ deployments: [deployment] });
  expect(await show()).toMatchObject({ state: 'Healthy', drain: null });
});

it('is refused where too few would serve, and not for a node that does not serve', async () => {
  await settled();
  await minAvailable(3);
  const refused = await drain();
  expect([refused.status, refused.body.code]).toEqual([409, 'drain-leaves-too-few']);
  expect(refused.body.details).toEqual({ module: 'orders', serving: 2, minAvailable: 3 });
  expect((await desired())[0]!.releases).toHaveLength(1);
  await minAvailable(2);
  // One of the other two has failed.
  await reports.say('failed', 'node-0003', { code: 'crash-loop', message: 'it ended' });
  expect((await drain()).body.details).toMatchObject({ serving: 1 });
  expect((await drain(2)).status).toBe(200);
  await reports.find(tenant.id, 'node-0001');
  await minAvailable(1);
  expect((await drain()).status).toBe(200);
  expect((await drain(1)).body.details).toMatchObject({ serving: 0, minAvailable: 1 });
});

it('leaves a drained node out of what is planned', async () => {
  await settled();
  await drain();
  await tenant.release('orders', '2.0.0');
  const { body } = await tenant.post('/deployments/plan', {
    moduleName: 'orders',
    version: '2.0.0',
    targetEnvironment: 'QA',
  });
  expect(body.leftOut).toEqual([{ name: 'node-0001', state: 'Cordoned' }]);
});

it('is for whoever manages the fleet, of a node that there is, until a time that can be', async () => {
  await settled();
  const path = `/nodes/${nodes[0]!.id}/drain`;
  expect((await tenant.as('Deployer', path, { method: 'POST', body: {} })).status).toBe(403);
  const never = { method: 'POST', body: {} };
  expect((await tenant.as('Admin', `/nodes/${newId()}/drain`, never)).status).toBe(404);
  for (const body of [{ deadlineMinutes: 0 }, { deadlineMinutes: 1441 }, { force: true }]) {
    expect((await drain(0, body)).body.code).toBe('validation-failed');
  }
});
