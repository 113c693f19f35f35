/** Two rollouts of one slot: what the second one finds changed when its turn has come. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { NodeReports } from '../support/node-reports.js';

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
  await new NodeReports(app).say('healthy', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'Succeeded' });
  return id;
}

async function takenBack(tenant: DeployingTenant, id: string): Promise<void> {
  await new NodeReports(app).say('failed', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'RollingBack' });
  await new NodeReports(app).say('healthy', 'node-%');
  expect(await look(tenant, id)).toMatchObject({ status: 'RolledBack' });
}

/** What the nodes are told to run, with the number that grows whenever they are told something. */
const told = (tenant: DeployingTenant) =>
  app.sql(
    'select node_id, generation, releases from desired_modules where tenant_id = $1 order by 1',
    [tenant.id],
  );

async function stolenKey(tenant: DeployingTenant, version: string): Promise<void> {
  await app.sql(
    `with key as (
       insert into signing_keys (tenant_id, id, name, public_key, created_by, revoked_at)
       values ($1, gen_random_uuid(), 'stolen', 'x', 'test', now()) returning id)
     update releases set key_id = key.id, signature = 'x' from key
     where tenant_id = $1 and version = $2`,
    [tenant.id, version],
  );
}

async function takenAway(tenant: DeployingTenant, version: string): Promise<void> {
  await app.sql(
    `update artifacts a set state = 'deleting' from releases r
     where r.tenant_id = $1 and r.version = $2
       and a.tenant_id = r.tenant_id and a.artifact_digest = r.artifact_digest`,
    [tenant.id, version],
  );
}

async function codeOf(id: string): Promise<string | undefined> {
  const [failed] = await app.sql<{ code: string }>(
    `select data->>'code' as code from journal where deployment_id = $1 and kind = 'step-failed'`,
    [id],
  );
  return failed?.code;
}

const moving = { status: 'Running', waitingOn: { kind: 'converge' } };
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
      moduleName: 'orders',
      version: '2.0.0',
      targetEnvironment: 'QA',
      ...direct,
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'release-rolled-back-here' } });
    expect(end.reason).toBe(refused.body.detail);
    expect(await codeOf(rerun)).toBe('release-rolled-back-here');
    expect(await told(tenant)).toEqual(before);

    expect(await look(tenant, allowed)).toMatchObject(moving);
    await takenBack(tenant, allowed);
    const retried = await tenant.post(`/deployments/${rerun}/retry`, {});
    await app.pass(tenant.id, retried.body.id as string, 'preflight');
    expect(await look(tenant, retried.body.id as string)).toMatchObject(moving);
  });
});

describe('the way back of one that waited behind another release', () => {
  it.each([
    ['key was revoked', stolenKey, /release 2\.0\.0: .*key .*revoked.*allowNoRollback/],
    ['artifact is gone', takenAway, /release 2\.0\.0: .*not in the store.*allowNoRollback/],
  ])('is looked at again: not when its %s', async (why, spoil, message) => {
    const tenant = await app.tenant(why.replaceAll(' ', '-'), 2);
    for (const version of ['2.0.0', '3.0.0']) await tenant.release('orders', version);
    await succeeded(tenant, '1.0.0');
    const ahead = await begun(tenant, '2.0.0');
    const queued = await begun(tenant, '3.0.0');
    const allowed = await begun(tenant, '3.0.0', { allowNoRollback: true });
    expect(await look(tenant, queued)).toMatchObject(waits);
    await new NodeReports(app).say('healthy', 'node-%');
    expect(await look(tenant, ahead)).toMatchObject({ status: 'Succeeded' });
    await spoil(tenant, '2.0.0');
    const before = await told(tenant);

    const end = await look(tenant, queued);
    expect(end).toMatchObject({ status: 'Failed', decision: { step: 'recheck' } });
    expect(end.reason).toMatch(message);
    expect(await told(tenant)).toEqual(before);
    expect(await codeOf(queued)).toBe('no-way-back');

    expect(await look(tenant, allowed)).toMatchObject(moving);
    const [checked] = await app.sql<{ data: object }>(
      `select data from journal
       where deployment_id = $1 and step_id = 'recheck' and kind = 'step-succeeded'`,
      [allowed],
    );
    expect(checked!.data).toEqual({ noWayBack: [expect.stringMatching(/^release 2\.0\.0: /)] });
  });
});
