/** What becomes of a gate that a person ends, acted on by hand: no poll comes in between. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { NodeReports } from '../support/node-reports.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;
beforeAll(async () => {
  app = await DeploymentsApp.start();
});
beforeEach(async () => {
  // A slot each, so that no deployment waits for another one.
  tenant = await app.tenant(`tenant-${(tenants += 1)}`, 2);
});
afterAll(() => app?.close());

let tenants = 0;
const GATE = 'w1.stabilization';
const promotion = { reason: 'checked by hand' };

/** Its first gate is open, and nothing has been seen through it yet. */
async function watched(): Promise<string> {
  const id = await tenant.deploy({ strategy: { kind: 'canary', wavesPercent: [50, 100] } });
  await app.pass(tenant.id, id, 'preflight');
  await app.act(tenant.id, id);
  await new NodeReports(app).say('healthy', 'node-%');
  await act(id);
  return id;
}

async function act(id: string): Promise<void> {
  await app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await app.act(tenant.id, id);
}

/** As a poll would leave it. */
const findsHarm = (id: string) =>
  app.sql(
    `update runs set gate = gate::jsonb || '{"verdict": "unstable", "reason": "errors rose"}' where id = $1`,
    [id],
  );

const promote = (id: string, body: object = promotion) =>
  tenant.post(`/deployments/${id}/promote`, body);
const explained = async (id: string) => (await tenant.get(`/deployments/${id}/explain`)).body;
const journal = (id: string, kind: string) =>
  app.sql<{ stepId: string | null; data: object }>(
    `select step_id as "stepId", data from journal where deployment_id = $1 and kind = $2 order by seq`,
    [id, kind],
  );

describe('an open gate', () => {
  it('says that it opens by itself, and who may end it with which verb', async () => {
    const { waitingOn, verbs, summary } = await explained(await watched());
    expect(waitingOn).toMatchObject({
      kind: 'gate',
      verb: 'promote',
      who: 'someone who may operate deployments; otherwise it opens when the wave has settled',
    });
    expect(verbs).toContain('promote');
    expect(summary).toContain(`To go on: "promote", by ${waitingOn.who}.`);
  });

  it('names no verb any more when it has found harm', async () => {
    const id = await watched();
    await findsHarm(id);
    const { waitingOn, verbs } = await explained(id);
    expect(waitingOn).toMatchObject({ kind: 'gate', verb: null, who: 'the engine' });
    expect(verbs).not.toContain('promote');
  });
});

describe('promote of a gate that has found harm', () => {
  it('is refused, and leaves nothing behind', async () => {
    const id = await watched();
    await findsHarm(id);
    expect(await promote(id)).toMatchObject({
      status: 409,
      body: { code: 'gate-unstable', details: { step: GATE } },
    });
    expect(await journal(id, 'requested')).toEqual([]);
    await act(id);
    expect((await tenant.get(`/deployments/${id}`)).body).toMatchObject({
      status: 'RollingBack',
      reason: 'errors rose',
    });
  });

  it('is refused by the engine, too, when the harm was found after it was taken', async () => {
    const id = await watched();
    expect((await promote(id)).status).toBe(202);
    const told = await app.sql<{ action: string }>(
      `select action from audit_entries where subject_id = $1 and action like '%-requested' order by id`,
      [id],
    );
    expect(told.map(({ action }) => action)).toContain('promote-requested');
    await findsHarm(id);
    await act(id);
    expect(await journal(id, 'applied')).toMatchObject([
      { data: { verb: 'promote', reason: promotion.reason, ignored: 'errors rose' } },
    ]);
    expect((await tenant.get(`/deployments/${id}`)).body).toMatchObject({
      status: 'RollingBack',
      reason: 'errors rose',
      decision: { step: GATE },
    });
    const ended = (await journal(id, 'step-succeeded')).map(({ stepId }) => stepId);
    expect(ended).not.toContain(GATE);
  });
});
