import { SqlRunStore } from '../../src/deployments/runs/sql-run-store.js';
import { invariants } from '../../src/deployments/reconciler/invariants.js';
import { reconcile, type Repair } from '../../src/deployments/reconciler/reconcile.js';
import { deploymentRun } from '../../src/deployments/runs/runs.store.js';
import { newId } from '../../src/kernel/ids.js';
import { Database } from '../../src/platform/database/database.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
afterAll(() => app?.close());

let tenants = 0;
beforeEach(async () => {
  tenants += 1;
  tenant = await app.tenant(`tenant-${tenants}`);
});

/** Over all tenants, as many turns as that takes. */
async function turn(): Promise<string[]> {
  const repairs: Repair[] = [];
  const errors: unknown[] = [];
  const ports = {
    database: app.whole.get(Database),
    repaired: (repair: Repair) => void repairs.push(repair),
    failed: (_tenant: string, _invariant: unknown, error: unknown) => void errors.push(error),
    monotonic: () => performance.now(),
  };
  let after: string | null = null;
  do after = await reconcile(ports, after);
  while (after !== null);
  expect(errors).toEqual([]);
  return repairs
    .filter(({ tenantId }) => tenantId === tenant.id)
    .map(({ invariant, deploymentId }) => `${invariant.name} ${deploymentId}`);
}

/** Takes what is due and acts on it, until nothing is: as the due loop does. */
async function actOnDue(): Promise<void> {
  const store = app.whole.get(SqlRunStore);
  for (;;) {
    const due = await store.claimDue(newId(), 10_000, 100);
    if (due.length === 0) return;
    for (const lease of due) {
      await app.interpreter().act(lease, { abort: new AbortController().signal });
    }
  }
}

const statusOf = async (id: string) => (await tenant.get(`/deployments/${id}`)).body.status;
const run = (id: string, change: string) =>
  app.sql(`update runs set ${change} where tenant_id = $1 and id = $2`, [tenant.id, id]);
const LATER = `wake_at = clock_timestamp() + interval '1 hour'`;

/** Asks for its end as the API does, so that whoever looks at it has something to do. */
const askToCancel = (id: string) => tenant.post(`/deployments/${id}/cancel`, {});

async function holdsSlot(): Promise<string> {
  const id = await tenant.deploy();
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  expect(await slotHolder()).toBe(id);
  return id;
}

async function waitsForSlot(): Promise<string> {
  const id = await tenant.deploy();
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  const [row] = await app.sql<{ kind: string }>(
    `select waiting_on->>'kind' as kind from runs where id = $1`,
    [id],
  );
  expect(row?.kind).toBe('slot');
  return id;
}

async function slotHolder(): Promise<string | null> {
  const rows = await app.sql<{ holder: string }>(
    `select holder_deployment_id as holder from deployment_slots
     where tenant_id = $1 and holder_deployment_id is not null`,
    [tenant.id],
  );
  return rows[0]?.holder ?? null;
}

it('finds nothing where nothing is broken, in the middle of rollouts', async () => {
  await holdsSlot();
  const id = await waitsForSlot();
  await askToCancel(id);
  expect(await turn()).toEqual([]);
  await actOnDue();
  expect(await turn()).toEqual([]);
});

it('mends nothing that somebody holds at this moment', async () => {
  const id = await tenant.deploy();
  await app.whole.get(SqlRunStore).lease(deploymentRun(tenant.id, id), newId(), 60_000);
  await askToCancel(id);
  await run(id, LATER);
  await app.sql(`update signals set at = at - interval '1 minute'`);
  expect(await turn()).toEqual([]);
});

it('leaves it to another worker that is at it already', async () => {
  const id = await tenant.deploy();
  await run(id, 'wake_at = null');
  await app.whole.get(Database).system(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(7205759404)');
    expect(await turn()).toEqual([]);
  });
  expect(await turn()).toEqual([`open-run-asleep ${id}`]);
});

describe('each invariant that was broken is mended, and the deployment ends', () => {
  it('open-run-asleep', async () => {
    const id = await tenant.deploy();
    await askToCancel(id);
    await run(id, 'wake_at = null');
    await actOnDue();
    expect(await statusOf(id)).toBe('Pending');
    expect(await turn()).toEqual([`open-run-asleep ${id}`]);
    await actOnDue();
    expect(await statusOf(id)).toBe('Cancelled');
    expect(await turn()).toEqual([]);
  });

  it('finished-run-awake', async () => {
    const id = await tenant.deploy();
    await askToCancel(id);
    await actOnDue();
    expect(await statusOf(id)).toBe('Cancelled');
    await run(id, LATER);
    expect(await turn()).toEqual([`finished-run-awake ${id}`]);
    const [row] = await app.sql<{ wakeAt: string | null }>(
      `select wake_at as "wakeAt" from runs where id = $1`,
      [id],
    );
    expect(row?.wakeAt).toBeNull();
    expect(await statusOf(id)).toBe('Cancelled');
  });

  it('slot-held-by-finished, and the next in line gets it', async () => {
    const first = await holdsSlot();
    const next = await waitsForSlot();
    await run(first, 'wake_at = null');
    await app.sql(`update deployments set status = 'Failed' where id = $1`, [first]);
    expect(await turn()).toEqual([`slot-held-by-finished ${first}`, `free-slot-awaited ${next}`]);
    await actOnDue();
    expect(await slotHolder()).toBe(next);
    await askToCancel(next);
    await actOnDue();
    expect(['Cancelled', 'RollingBack']).toContain(await statusOf(next));
  });

  it('free-slot-awaited wakes the first in line alone', async () => {
    const first = await holdsSlot();
    const [second, third] = [await waitsForSlot(), await waitsForSlot()];
    await app.sql(`update deployment_slots set holder_deployment_id = null where tenant_id = $1`, [
      tenant.id,
    ]);
    await run(first, 'wake_at = null');
    await app.sql(`update deployments set status = 'Failed' where id = $1`, [first]);
    expect(await turn()).toEqual([`free-slot-awaited ${second}`]);
    await actOnDue();
    expect(await slotHolder()).toBe(second);
    expect(await statusOf(third)).toBe('Pending');
  });

  it('free-capacity-awaited, but not while anything is in flight', async () => {
    await app.sql('update environments set max_in_flight = 1 where tenant_id = $1', [tenant.id]);
    await tenant.release('other', '1.0.0');
    const first = await holdsSlot();
    const next = await tenant.deploy({ moduleName: 'other' });
    await app.pass(tenant.id, next, 'preflight');
    await app.act(tenant.id, next);
    expect(await turn()).toEqual([]);
    await app.sql(`update deployment_slots set holder_deployment_id = null where tenant_id = $1`, [
      tenant.id,
    ]);
    await run(first, 'wake_at = null');
    await app.sql(`update deployments set status = 'Failed' where id = $1`, [first]);
    expect(await turn()).toEqual([`free-capacity-awaited ${next}`]);
    await actOnDue();
    expect(await statusOf(next)).toBe('Running');
  });

  it('signal-slept-past', async () => {
    const id = await tenant.deploy();
    await askToCancel(id);
    await run(id, LATER);
    expect(await turn()).toEqual([]);
    await app.sql(`update signals set at = at - interval '1 minute' where deployment_id = $1`, [
      id,
    ]);
    expect(await turn()).toEqual([`signal-slept-past ${id}`]);
    await actOnDue();
    expect(await statusOf(id)).toBe('Cancelled');
  });

  it('lost-lease-asleep, and the death of its worker is counted', async () => {
    const id = await tenant.deploy();
    const store = app.whole.get(SqlRunStore);
    await store.lease(deploymentRun(tenant.id, id), newId(), 1);
    await run(id, `${LATER}, lease_until = clock_timestamp() - interval '1 minute'`);
    expect(await turn()).toEqual([`lost-lease-asleep ${id}`]);
    // Others' may be due as well by now: those that other tests have left in the middle.
    const leases = await store.claimDue(newId(), 10_000, 100);
    expect(leases.find(({ key }) => key.id === id)).toMatchObject({ failures: 1 });
    await app.sql(`update runs set lease_until = null where id = $1`, [id]);
    await askToCancel(id);
    await actOnDue();
    expect(await statusOf(id)).toBe('Cancelled');
  });
});

it('has a name of its own for each invariant', () => {
  const names = invariants.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
