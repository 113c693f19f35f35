/** How many rollouts may be in flight at once: real steps and store, acted on by hand. */
import { lockCapacity } from '../../src/deployments/admission/capacity-lock.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';

const TENANT_CAP = 6;

let app: DeploymentsApp;
beforeAll(async () => {
  app = await DeploymentsApp.start({ TIDEGATE_TENANT_MAX_IN_FLIGHT: String(TENANT_CAP) });
});
afterAll(() => app?.close());

/** Deployments of as many modules, since one module has one at a time. */
async function queued(tenant: DeployingTenant, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const moduleName = `module-${number}`;
    await tenant.release(moduleName, '1.0.0');
    ids.push(await tenant.deploy({ moduleName, strategy: { kind: 'direct' } }));
    await app.pass(tenant.id, ids.at(-1)!, 'preflight');
  }
  return ids;
}

const actOnAll = (tenant: DeployingTenant, ids: readonly string[]) =>
  Promise.all(ids.map((id) => app.act(tenant.id, id)));

const shown = async (tenant: DeployingTenant, id: string) =>
  (await tenant.get(`/deployments/${id}`)).body;

async function inFlight(tenant: DeployingTenant): Promise<string[]> {
  const rows = await app.sql<{ id: string }>(
    `select id from deployments where tenant_id = $1 and lane = 'normal'
       and status in ('Running', 'Paused', 'RollingBack') order by id`,
    [tenant.id],
  );
  return rows.map(({ id }) => id);
}

/** Those that wait for capacity and were woken since they fell asleep, in the order of age. */
async function woken(tenant: DeployingTenant): Promise<string[]> {
  const rows = await app.sql<{ id: string }>(
    `select r.id from runs r join deployments d on d.tenant_id = r.tenant_id and d.id = r.id
     where r.tenant_id = $1 and d.status = 'Pending' and r.waiting_on->>'kind' = 'capacity'
       and r.wake_at <= clock_timestamp() order by r.id`,
    [tenant.id],
  );
  return rows.map(({ id }) => id);
}

async function cap(
  tenant: DeployingTenant,
  kind: 'environment' | 'cluster',
  maxInFlight: number | null,
): Promise<void> {
  const clusters = await tenant.get('/clusters?environment=QA');
  const at = kind === 'cluster' ? `/clusters/${clusters.body.items[0].id}` : '/environments/QA';
  const { body, headers } = await tenant.get(at);
  const rules =
    kind === 'cluster'
      ? { minAvailable: body.minAvailable }
      : {
          defaults: body.defaults,
          allowedStrategies: body.allowedStrategies,
          signaturePolicy: body.signaturePolicy,
          onConflict: body.onConflict,
        };
  const answer = await tenant.as('Admin', at, {
    method: 'PUT',
    headers: { 'if-match': headers.get('etag')! },
    body: { ...rules, maxInFlight },
  });
  expect(answer).toMatchObject({ status: 200, body: { maxInFlight } });
}

/** Every node says so of the module of this deployment, in its newest generation. */
async function report(id: string, state: string): Promise<void> {
  await app.sql(
    `insert into observed_modules (tenant_id, node_id, module_id, generation, state, running)
     select m.tenant_id, m.node_id, m.module_id, m.generation, $2::text,
       (select coalesce(jsonb_agg(jsonb_build_object('releaseId', r->'releaseId',
          'configurationId', r->'configurationId', 'instance', 'a')), '[]')
        from jsonb_array_elements(m.releases) r)
     from desired_modules m join deployments d
       on d.id = $1 and d.tenant_id = m.tenant_id and d.module_id = m.module_id
     on conflict (tenant_id, node_id, module_id) do update
       set state = excluded.state, generation = excluded.generation, running = excluded.running`,
    [id, state],
  );
}

async function wake(tenant: DeployingTenant, id: string): Promise<void> {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
}

describe('a cap on rollouts in flight', () => {
  it('is never passed, however many begin at the same moment', async () => {
    const tenant = await app.tenant('twenty');
    await cap(tenant, 'environment', 3);
    const ids = await queued(tenant, 20);
    await actOnAll(tenant, ids);
    const begun = await inFlight(tenant);
    expect(begun).toHaveLength(3);
    const waiting = await shown(
      tenant,
      ids.find((id) => !begun.includes(id))!,
    );
    expect(waiting).toMatchObject({
      status: 'Pending',
      waitingOn: {
        kind: 'capacity',
        verb: 'cancel',
        who: 'someone who may operate those in flight',
        detail: expect.stringContaining('in environment "QA": 3 of 3 rollouts are in flight'),
      },
    });
    const explained = await tenant.get(`/deployments/${waiting.id}/explain`);
    expect(explained.body.summary).toMatch(/^Waits for capacity .*when one of them ends\./);
  });

  it.each([
    ['cluster', 2, 'on cluster "local": 2 of 2'],
    ['environment', 4, 'in environment "QA": 4 of 4'],
    ['tenant', TENANT_CAP, `in this tenant: ${TENANT_CAP} of ${TENANT_CAP}`],
  ] as const)('holds for a %s', async (kind, most, detail) => {
    const tenant = await app.tenant(`of-${kind}`);
    if (kind !== 'tenant') await cap(tenant, kind, most);
    const ids = await queued(tenant, TENANT_CAP + 2);
    await actOnAll(tenant, ids);
    const begun = await inFlight(tenant);
    expect(begun).toHaveLength(most);
    const waiting = await shown(
      tenant,
      ids.find((id) => !begun.includes(id))!,
    );
    expect(waiting.waitingOn.detail).toContain(detail);
  });

  it('waits for nobody for long, and that is no failed attempt of the rollout', async () => {
    const tenant = await app.tenant('busy');
    const [id] = await queued(tenant, 1);
    await app.whole.inTenant(tenant.id, async (open) => {
      await lockCapacity(open);
      await expect(app.act(tenant.id, id!)).rejects.toMatchObject({ kind: 'unavailable' });
    });
    const journal = await app.sql(
      'select 1 from journal where deployment_id = $1 and step_id = $2',
      [id, 'slot'],
    );
    expect(journal).toEqual([]);
  });

  it("does not count another tenant's", async () => {
    const [one, other] = [await app.tenant('one'), await app.tenant('other')];
    const ids = await queued(one, TENANT_CAP);
    await actOnAll(one, ids);
    const [theirs] = await queued(other, 1);
    await actOnAll(other, [theirs!]);
    expect(await inFlight(other)).toEqual([theirs]);
  });

  it('does not hold rollbacks back, nor are they counted', async () => {
    const tenant = await app.tenant('rollbacks');
    await cap(tenant, 'environment', 1);
    const [normal, rollback, more] = await queued(tenant, 3);
    await app.sql(`update deployments set lane = 'rollback' where id = $1`, [rollback]);
    await app.act(tenant.id, rollback!);
    await app.act(tenant.id, normal!);
    await app.act(tenant.id, more!);
    expect((await shown(tenant, rollback!)).status).toBe('Running');
    expect(await inFlight(tenant)).toEqual([normal]);
  });

  it('keeps the order of those that wait, also against one that comes just in time', async () => {
    const tenant = await app.tenant('in-order');
    await cap(tenant, 'cluster', 1);
    const [first, second, third] = await queued(tenant, 3);
    await app.act(tenant.id, first!);
    await app.act(tenant.id, second!);
    await tenant.post(`/deployments/${first}/cancel`, {});
    await app.act(tenant.id, first!);
    await report(first!, 'absent');
    await wake(tenant, first!);
    // The place is free, and it is the second one's, who has not looked yet.
    await app.act(tenant.id, third!);
    expect(await inFlight(tenant)).toEqual([]);
    expect((await shown(tenant, third!)).waitingOn.detail).toContain(
      '0 of 1 rollouts are in flight, and older ones wait for the rest',
    );
    await app.act(tenant.id, second!);
    expect(await inFlight(tenant)).toEqual([second]);
  });

  it('holds the turn on the slot for the older one of the same module', async () => {
    const tenant = await app.tenant('same-module');
    await cap(tenant, 'environment', 2);
    const [one, two] = await queued(tenant, 2);
    await actOnAll(tenant, [one!, two!]);
    await tenant.release('shared', '1.0.0');
    const order = { moduleName: 'shared', strategy: { kind: 'direct' } };
    const [older, newer] = [await tenant.deploy(order), await tenant.deploy(order)];
    for (const id of [older, newer]) await app.pass(tenant.id, id, 'preflight');
    await app.act(tenant.id, older);
    await cap(tenant, 'environment', 4);
    await app.act(tenant.id, newer);
    expect(await shown(tenant, newer)).toMatchObject({
      status: 'Pending',
      waitingOn: { kind: 'slot', detail: expect.stringContaining(older) },
    });
    await app.act(tenant.id, older);
    expect((await shown(tenant, older)).status).toBe('Running');
  });
});

describe('a place', () => {
  const endings: Record<string, (tenant: DeployingTenant, id: string) => Promise<void>> = {
    Succeeded: async (tenant, id) => {
      await report(id, 'healthy');
      await wake(tenant, id);
    },
    RolledBack: async (tenant, id) => {
      await report(id, 'failed');
      await wake(tenant, id);
      await report(id, 'absent');
      await wake(tenant, id);
    },
    RollbackFailed: async (tenant, id) => {
      await report(id, 'failed');
      await wake(tenant, id);
      await report(id, 'failed');
      await wake(tenant, id);
    },
    Cancelled: async (tenant, id) => {
      await tenant.post(`/deployments/${id}/pause`, {});
      await app.act(tenant.id, id);
      expect(await inFlight(tenant)).toContain(id);
      await tenant.post(`/deployments/${id}/cancel`, {});
      await app.act(tenant.id, id);
      await report(id, 'absent');
      await wake(tenant, id);
    },
  };

  it.each(Object.entries(endings))('is free again after %s', async (status, end) => {
    const tenant = await app.tenant(`ends-${status.toLowerCase()}`);
    await cap(tenant, 'environment', 2);
    const ids = await queued(tenant, 6);
    for (const id of ids) await app.act(tenant.id, id);
    expect(await inFlight(tenant)).toEqual(ids.slice(0, 2));
    expect(await woken(tenant)).toEqual([]);
    await end(tenant, ids[0]!);
    expect(await shown(tenant, ids[0]!)).toMatchObject({ status });
    // The oldest, and nobody else: thousands may wait.
    expect(await woken(tenant)).toEqual([ids[2]]);
    await app.act(tenant.id, ids[2]!);
    expect(await inFlight(tenant)).toEqual(ids.slice(1, 3));
    expect(await woken(tenant)).toEqual([]);
  });

  it('is free again when one fails before it has moved a node', async () => {
    const tenant = await app.tenant('ends-failed');
    await cap(tenant, 'environment', 1);
    const [holder, failing, next] = await queued(tenant, 3);
    for (const id of [holder!, failing!, next!]) await app.act(tenant.id, id);
    await app.sql(
      `with key as (insert into signing_keys (tenant_id, id, name, public_key, created_by, revoked_at)
         values ($1, gen_random_uuid(), 'stolen', 'x', 'test', now()) returning id)
       update releases r set key_id = key.id, signature = 'x' from key, deployments d
       where d.id = $2 and r.id = d.release_id`,
      [tenant.id, failing],
    );
    await endings.Succeeded!(tenant, holder!);
    await app.act(tenant.id, failing!);
    expect(await shown(tenant, failing!)).toMatchObject({ status: 'Failed' });
    expect(await woken(tenant)).toEqual([next]);
  });

  it('is passed on by one that is cancelled while it waits', async () => {
    const tenant = await app.tenant('ends-waiting');
    await cap(tenant, 'environment', 1);
    const [holder, waiting, next] = await queued(tenant, 3);
    for (const id of [holder!, waiting!, next!]) await app.act(tenant.id, id);
    await endings.Succeeded!(tenant, holder!);
    await tenant.post(`/deployments/${waiting}/cancel`, {});
    await app.act(tenant.id, waiting!);
    expect(await shown(tenant, waiting!)).toMatchObject({ status: 'Cancelled' });
    expect(await woken(tenant)).toEqual([next]);
  });

  it('more of them are filled one by one, each waking the next', async () => {
    const tenant = await app.tenant('raised');
    await cap(tenant, 'cluster', 1);
    const ids = await queued(tenant, 5);
    for (const id of ids) await app.act(tenant.id, id);
    await cap(tenant, 'cluster', 4);
    for (let round = 1; round <= 3; round += 1) {
      expect(await woken(tenant)).toEqual([ids[round]]);
      await app.act(tenant.id, ids[round]!);
    }
    expect(await woken(tenant)).toEqual([]);
    expect(await inFlight(tenant)).toEqual(ids.slice(0, 4));
  });

  it('lets those that wait look again rarely, and not all at once', async () => {
    const tenant = await app.tenant('spread');
    await cap(tenant, 'environment', 1);
    const ids = await queued(tenant, 8);
    for (const id of ids) await app.act(tenant.id, id);
    const rows = await app.sql<{ seconds: number }>(
      `select extract(epoch from wake_at - clock_timestamp())::float8 as seconds from runs
       where tenant_id = $1 and waiting_on->>'kind' = 'capacity'`,
      [tenant.id],
    );
    const seconds = rows.map((row) => row.seconds);
    expect(seconds).toHaveLength(7);
    expect(Math.min(...seconds)).toBeGreaterThan(300);
    expect(Math.max(...seconds)).toBeLessThan(1_201);
    expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(10);
  });
});
