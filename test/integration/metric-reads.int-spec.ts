/** What nodes have reported, as lines of a chart, of clusters and of deployments, over real HTTP. */
import { stabilization } from '../../src/deployments/gates/stabilization/stabilization.gate.js';
import { defaultGateParams } from '../../src/deployments/gates/stabilization/stabilization-params.js';
import { packEvidence } from '../../src/deployments/gates/gate-evidence.js';
import { newId } from '../../src/kernel/ids.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { groupOf, sampleOf, steadyBaselines } from '../support/gate-samples.js';
import { scopedMember } from '../support/scoped-member.js';

const MIB = 1024 * 1024;

let app: DeploymentsApp;
let tenant: DeployingTenant;
let cluster: string;
let deployment: string;
let nodes: readonly { readonly id: string; readonly name: string }[];
/** A whole minute, some minutes ago. */
const start = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme', 3);
  await tenant.release('orders', '2.0.0');
  deployment = await tenant.deploy({ version: '2.0.0', strategy: { kind: 'direct' } });
  [{ id: cluster }] = (await tenant.get('/clusters?environment=QA')).body.items;
  const { items } = (await tenant.get('/nodes?environment=QA')).body;
  nodes = items.toSorted((one: { name: string }, other: { name: string }) =>
    one.name < other.name ? -1 : 1,
  );
  await app.sql(
    `insert into observed_modules (tenant_id, node_id, module_id, generation, state)
     select n.tenant_id, n.id, m.id, 1, 'healthy' from nodes n
     join modules m on m.tenant_id = n.tenant_id where n.tenant_id = $1`,
    [tenant.id],
  );
  // Node 1: 2 requests a second, a tenth of them errors, 0.1 of a core. Node 2 is silent in the second step.
  for (const seconds of [0, 10, 20, 30]) {
    const { requests, errors, cpuMs } = {
      requests: seconds * 2,
      errors: seconds / 5,
      cpuMs: seconds * 100,
    };
    await report(0, seconds, { requests, errors, cpuMs });
    if (seconds !== 20) await report(1, seconds, { requests: seconds * 4, errors: 0, cpuMs: 0 });
  }
}, 60_000);
afterAll(() => app?.close());

function report(
  node: number,
  seconds: number,
  counters: { requests: number; errors: number; cpuMs: number },
) {
  return app.sql(
    `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests, errors,
       cpu_ms, memory_bytes, counters)
     select $1, $2, m.id, r.id, 'a', $3, $4, $5, $6, $7, '{"histogram": []}' from modules m
     join releases r on r.tenant_id = m.tenant_id and r.module_id = m.id
     where m.tenant_id = $1 and m.name = 'orders' and r.version = '2.0.0'`,
    [
      tenant.id,
      nodes[node]!.id,
      at(seconds),
      counters.requests,
      counters.errors,
      counters.cpuMs,
      64 * MIB,
    ],
  );
}

const read = async (path: string, query = '') =>
  (await tenant.get(`${path}/metrics?from=${at(0)}&to=${at(30)}&stepMs=10000&${query}`)).body;

const expected = [
  {
    module: 'orders',
    version: '2.0.0',
    node: 'node-0002',
    requests: 120,
    requestsPerSecond: [4, null, 4],
    errorPercent: [0, null, 0],
    reporting: [1, 0, 1],
  },
  {
    node: 'node-0001',
    requests: 60,
    requestsPerSecond: [2, 2, 2],
    errorPercent: [10, 10, 10],
    cpuCores: [0.1, 0.1, 0.1],
    memoryMiB: [64, 64, 64],
    p95Ms: [null, null, null],
  },
];

it('shows a cluster by node and release', async () => {
  const body = await read(`/clusters/${cluster}`);
  expect(body).toMatchObject({ from: at(0), to: at(30), stepMs: 10_000, points: 3, by: 'node' });
  expect(body.series).toHaveLength(2);
  expect(body.series).toMatchObject(expected);
  expect((await read(`/clusters/${cluster}`, 'module=nothing')).series).toEqual([]);
});

it('sums over nodes, of as many as have reported', async () => {
  const { by, series } = await read(`/clusters/${cluster}`, 'by=release&module=orders');
  expect(by).toBe('release');
  expect(series).toMatchObject([
    { node: null, nodes: 2, reporting: [2, 1, 2], requestsPerSecond: [6, 2, 6], requests: 180 },
  ]);
  expect(series[0].errorPercent).toEqual([3.333, 10, 2]);
});

it('shows the nodes of a deployment, from before it began', async () => {
  expect((await read(`/deployments/${deployment}`)).series).toMatchObject(expected);
  const { from, to, gates } = (await tenant.get(`/deployments/${deployment}/metrics`)).body;
  const { createdAt } = (await tenant.get(`/deployments/${deployment}`)).body;
  expect(Date.parse(createdAt) - Date.parse(from)).toBeGreaterThanOrEqual(300_000);
  expect(Date.parse(to)).toBeGreaterThan(Date.parse(createdAt));
  expect(gates).toEqual([]);
});

describe('of a gate', () => {
  const [params, baselines] = [defaultGateParams, steadyBaselines()];
  // 3 of 300 failed in the second poll.
  const samples = [0, 3, 0].map((errors, index) =>
    sampleOf((index + 1) * 5, { wave: groupOf({ errors }) }),
  );
  const spec = {
    kind: 'stabilization',
    version: stabilization.version,
    params,
    baselines,
    movedAt: start,
    samplesBefore: 2,
    wave: [{ nodeId: newId(), name: 'node-0001' }],
  };
  const putSpec = (step: string) =>
    app.sql(
      `insert into gate_specs (tenant_id, deployment_id, step_id, body) values ($1, $2, $3, $4)`,
      [tenant.id, deployment, step, JSON.stringify(spec)],
    );
  const gateOf = async (step: string) =>
    (await read(`/deployments/${deployment}`)).gates.find(
      (gate: { step: string }) => gate.step === step,
    );

  it('shows each reading beside its baseline and its limit, as it was judged', async () => {
    await putSpec('w1.stabilization');
    // Those of an earlier watch count no more.
    for (const [index, body] of [sampleOf(5), sampleOf(10), ...samples].entries()) {
      await app.sql(
        `insert into gate_samples (tenant_id, deployment_id, step_id, n, at, body)
         values ($1, $2, 'w1.stabilization', $3, $4, $5)`,
        [tenant.id, deployment, index + 1, at(index * 5), JSON.stringify(body)],
      );
    }
    const gate = await gateOf('w1.stabilization');
    expect(gate).toMatchObject({
      wave: 1,
      kind: 'stabilization',
      nodes: ['node-0001'],
      verdict: 'waiting',
      decidedAt: null,
      polls: 3,
      unit: null,
      at: [at(10), at(15), at(20)],
      memory: { value: [400, 400, 400], baseline: [400, 400, 400] },
    });
    expect(gate.errorPercent.value).toEqual([0, 1, 0]);
    // What the gate itself says when it folds them.
    let state = stabilization.start(baselines, params);
    const judged = samples.map((sample) => {
      const result = stabilization.fold(state, sample, baselines, params);
      state = result.state;
      return result.reading;
    });
    expect(gate.errorPercent.limit).toEqual(
      judged.map(({ errors }) => Math.round(errors.allowed! * 100_000) / 1000),
    );
    expect(gate.latencyMs.limit[0]).toBeGreaterThan(gate.latencyMs.baseline[0]);
    expect(gate.memory.limit[0]).toBeGreaterThanOrEqual(432);
  });

  it('shows what a verdict was made of when the samples are no more', async () => {
    await putSpec('w2.stabilization');
    const { kind, version } = spec;
    const evidence = packEvidence({ kind, version, params, baselines, samples });
    await app.sql(
      `insert into gate_verdicts (tenant_id, deployment_id, step_id, n, verdict, gate_kind, gate_version,
         params, evidence_text, at) values ($1, $2, 'w2.stabilization', 9, 'stable', $3, $4, '{}', $5, $6)`,
      [tenant.id, deployment, kind, version, evidence, at(100)],
    );
    const gate = await gateOf('w2.stabilization');
    expect(gate).toMatchObject({
      verdict: 'stable',
      decidedAt: at(100),
      polls: 3,
      at: [at(90), at(95), at(100)],
    });
    expect(gate.errorPercent.value).toEqual([0, 1, 0]);
  });
});

it('is told to whoever may read it, and of what there is', async () => {
  const { whole } = app;
  const held = { role: 'Viewer', environments: ['Staging'] } as const;
  const other = await scopedMember(whole, tenant.id, held);
  for (const path of [`/clusters/${cluster}`, `/deployments/${deployment}`]) {
    const answer = await fetch(`${whole.url}/api/v1${path}/metrics`, {
      headers: { authorization: `Bearer ${other.token}` },
    });
    expect([path, answer.status]).toEqual([path, 404]);
  }
  expect((await tenant.get(`/clusters/${newId()}/metrics`)).body.code).toBe('cluster-not-found');
  const foreign = await app.tenant('other', 0);
  expect((await foreign.get(`/clusters/${cluster}/metrics`)).status).toBe(404);
});

it('refuses a time that cannot be, and says what can', async () => {
  for (const [query, code] of [
    [`from=${at(30)}&to=${at(0)}`, 'metrics-window-unsuitable'],
    [`from=2020-01-01T00:00:00Z`, 'metrics-window-unsuitable'],
    ['from=yesterday', 'validation-failed'],
    ['stepMs=5', 'validation-failed'],
    ['by=module', 'validation-failed'],
  ]) {
    const { body } = await tenant.get(`/clusters/${cluster}/metrics?${query}`);
    expect([query, body.code]).toEqual([query, code]);
  }
});
