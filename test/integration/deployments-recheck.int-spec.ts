/** Two rollouts of one slot: what the second one finds changed when its turn has come. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

const direct = { strategy: { kind: 'direct' } };

/** Looks at it once, whatever it waits for. */
async function look(tenant: DeployingTenant, id: string) {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
  return (await tenant.get(`/deployments/${id}`)).body;
}

/** Preflight behind it; then it has the slot and has moved its nodes, or waits for the slot. */
async function begun(tenant: DeployingTenant, version: string, change: object = {}) {
  const id = await tenant.deploy({ ...direct, version, ...change });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  return id;
}

async function succeeded(tenant: DeployingTenant, version: string): Promise<string> {
  const id = await begun(tenant, version);
  await app.report('healthy', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'Succeeded' });
  return id;
}

async function takenBack(tenant: DeployingTenant, id: string): Promise<void> {
  await app.report('failed', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'RollingBack' });
  await app.report('healthy', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'RolledBack' });
}

/** What the nodes are told to run, with the number that grows whenever they are told something. */
const told = (tenant: DeployingTenant) =>
  app.sql(
    'select node_id, generation, releases from desired_modules where tenant_id = $1 order by 1',
    [tenant.id],
  );

const waits = { status: 'Pending', waitingOn: { kind: 'slot' } };

describe('a release that is taken back while the same one waits for the slot', () => {
  let tenant: DeployingTenant;
  beforeAll(async () => {
    tenant = await app.tenant('loop', 2);
    await tenant.release('orders', '2.0.0');
    await succeeded(tenant, '1.0.0');
  });

  it('is not moved a second time by itself, and by a person it is', async () => {
    const first = await begun(tenant, '2.0.0');
    const rerun = await begun(tenant, '2.0.0');
    const allowed = await begun(tenant, '2.0.0', { allowRolledBack: true });
    expect(await look(tenant, rerun)).toMatchObject(waits);
    await takenBack(tenant, first);
    const before = await told(tenant);

    const end = await look(tenant, rerun);
    expect(end).toMatchObject({ status: 'Failed', decision: { step: 'recheck' } });
    const refused = await tenant.post('/deployments', {
      ...{ moduleName: 'orders', version: '2.0.0', targetEnvironment: 'QA' },
      ...direct,
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'release-rolled-back-here' } });
    expect(end.reason).toBe(refused.body.detail);
    const [failed] = await app.sql<{ code: string }>(
      `select data->>'code' as code from journal where deployment_id = $1 and kind = 'step-failed'`,
      [rerun],
    );
    expect(failed).toEqual({ code: 'release-rolled-back-here' });
    expect(await told(tenant)).toEqual(before);

    const moving = { status: 'Running', waitingOn: { kind: 'converge' } };
    expect(await look(tenant, allowed)).toMatchObject(moving);
    await takenBack(tenant, allowed);
    const retried = await tenant.post(`/deployments/${rerun}/retry`, {});
    await app.pass(tenant.id, retried.body.id as string, 'preflight');
    expect(await look(tenant, retried.body.id as string)).toMatchObject(moving);
  });
});
