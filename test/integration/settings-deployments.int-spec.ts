/** Where settings decide about deployments: gates at planning time, conflicts, queues; and what stays. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeploymentsApp, type DeployingTenant, orders } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme');
});
afterAll(() => app?.close());

async function change(path: string, method: 'PUT' | 'DELETE', value?: unknown): Promise<void> {
  const { version } = (await tenant.as('Admin', `/settings/${path}`)).body;
  const answer = await tenant.as('Admin', `/settings/${path}`, {
    method,
    headers: { 'if-match': `"${version}"` },
    ...(value === undefined ? {} : { body: { value } }),
  });
  expect([path, answer.status]).toEqual([path, 200]);
}
const set = (path: string, value: unknown) => change(path, 'PUT', value);
const unset = (path: string) => change(path, 'DELETE');

const gateOf = async (body: object = {}, role: 'Deployer' | 'Admin' = 'Deployer') => {
  const sent = { method: 'POST', body: { ...orders, ...body } };
  return (await tenant.as(role, '/deployments/plan', sent)).body.gate;
};

describe('a gate', () => {
  const key = 'gates.stabilization.consecutive-stable-checks';

  it('is planned no looser than the settings allow, whatever environment, request and role say', async () => {
    expect(await gateOf()).toMatchObject({ consecutiveStableChecks: 3 });
    await set(`${key}?environment=qa`, 7);
    await eventually(async () =>
      expect(await gateOf()).toMatchObject({ consecutiveStableChecks: 7 }),
    );
    const loose = { gate: { consecutiveStableChecks: 1 } };
    expect(await gateOf(loose, 'Admin')).toMatchObject({ consecutiveStableChecks: 7 });
    const tight = { gate: { consecutiveStableChecks: 9 } };
    expect(await gateOf(tight)).toMatchObject({ consecutiveStableChecks: 9 });
    await unset(`${key}?environment=QA`);
    await eventually(async () =>
      expect(await gateOf()).toMatchObject({ consecutiveStableChecks: 3 }),
    );
  });

  it('stays for a rollout in flight as it was planned, also when that is planned anew', async () => {
    const id = await tenant.deploy();
    const plans = () =>
      app.sql<{ number: number; text: string }>(
        `select number, body_text as text from plans where deployment_id = $1 order by number`,
        [id],
      );
    const spec = () =>
      app.sql<{ spec_text: string }>('select spec_text from deployments where id = $1', [id]);
    const before = [await spec(), await plans()];
    await set(key, 8);
    await eventually(async () =>
      expect(await gateOf()).toMatchObject({ consecutiveStableChecks: 8 }),
    );
    await app.pass(tenant.id, id, 'preflight');
    await app.act(tenant.id, id);
    expect(await spec()).toEqual(before[0]);
    const texts = (await plans()).map(({ text }) => text);
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      expect(text).toContain('"consecutiveStableChecks":3');
      expect(text).not.toContain('"consecutiveStableChecks":8');
    }
    const kept = await tenant.get(`/deployments/${id}`);
    expect(JSON.stringify(kept.body)).not.toContain('"consecutiveStableChecks":8');
    await tenant.post(`/deployments/${id}/cancel`, { reason: 'a test' });
    await unset(key);
  });
});

describe('a conflict', () => {
  it('is what the tenant’s settings say where the environment leaves it to them', async () => {
    const { body } = await tenant.as('Admin', '/environments/QA');
    const { id: _i, name: _n, version, createdAt: _c, hasApprovalPolicies: _h, ...rules } = body;
    const replaced = await tenant.as('Admin', '/environments/QA', {
      method: 'PUT',
      body: { ...rules, onConflict: 'inherit' },
      headers: { 'if-match': `"${version}"` },
    });
    expect(replaced.body.onConflict).toBe('inherit');
    await tenant.release('billing', '1.0.0');
    const billing = { ...orders, moduleName: 'billing' };
    const post = () => tenant.post('/deployments', billing);
    // Nothing is set: it waits its turn, up to the length of the queue.
    expect([(await post()).status, (await post()).status]).toEqual([202, 202]);
    await set('deployments.queued-per-slot?environment=QA', 2);
    await eventually(async () =>
      expect(await post()).toMatchObject({ status: 409, body: { code: 'queue-full' } }),
    );
    await set('deployments.on-conflict', 'reject');
    await eventually(async () =>
      expect(await post()).toMatchObject({ status: 409, body: { code: 'deployment-in-progress' } }),
    );
    await unset('deployments.on-conflict');
    await unset('deployments.queued-per-slot?environment=QA');
    await eventually(async () => expect((await post()).status).toBe(202));
  });
});
