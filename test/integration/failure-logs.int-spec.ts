/** What a node sends of the output of what has failed on it, and what is kept of that. */
import { failureLogLimits } from '../../src/kernel/failure-log-limits.js';
import { FailureLogsService } from '../../src/drivers/targets/agent/failure-logs.service.js';
import { newId } from '../../src/kernel/ids.js';
import { FleetApp, type TestAgent, type TestTenant } from '../support/fleet-app.js';

interface Row {
  readonly node_id: string;
  readonly generation: string;
  readonly deployment_id: string | null;
  readonly lines: string[];
  readonly code: string;
}

let fleet: FleetApp;
let tenant: TestTenant;
let other: TestTenant;
let module: Awaited<ReturnType<FleetApp['module']>>;
let agent: TestAgent;
let count = 0;

beforeAll(async () => {
  fleet = await FleetApp.start();
  [tenant, other] = [await fleet.tenant('acme'), await fleet.tenant('other')];
});
afterAll(() => fleet?.close());
beforeEach(async () => {
  module = await fleet.module(tenant);
  agent = await fleet.agent(tenant, `node-${(count += 1)}`);
});

const sql = <T extends object>(text: string, values: unknown[] = []) =>
  fleet.asSuperuser<T>(text, values);

const rows = () =>
  sql<Row>('select * from failure_logs where node_id = $1 order by generation', [agent.nodeId]);

/** The node is told to run a release of the module; answers the generation. */
async function move(release = 1, deploymentId = newId()): Promise<number> {
  const { id, releaseDigest } = module.releases[release - 1]!;
  const pair = { releaseId: id, releaseDigest, configurationId: null, trafficPercent: 100 };
  const [moved] = await fleet.inTenant(tenant.id, (open) =>
    fleet.target.move(open, {
      clusterId: agent.identity.clusterId,
      moduleId: module.id,
      deploymentId,
      assignments: [{ nodeId: agent.nodeId, releases: [pair] }],
      signatureRequired: false,
    }),
  );
  return moved!.generation;
}

async function send(change: object = {}, by: TestAgent = agent) {
  const body = {
    protocol: 1,
    moduleId: module.id,
    generation: 1,
    releaseId: module.releases[0]!.id,
    source: 'i-1',
    code: 'exited',
    lines: ['one', 'two'],
    isCut: false,
    ...change,
  };
  return fleet.call('agent/failure-logs', { method: 'POST', token: await by.token(), body });
}

it('is kept with the deployment that the node was moved by', async () => {
  const deploymentId = newId();
  const generation = await move(1, deploymentId);
  expect((await send({ generation })).status).toBe(204);
  expect(await rows()).toMatchObject([
    { deployment_id: deploymentId, lines: ['one', 'two'], code: 'exited' },
  ]);
});

it('counts as the newest of its generation, and the newest few of a module are kept', async () => {
  const first = await move();
  await send({ generation: first, lines: ['early'] });
  await send({ generation: first, lines: ['late'] });
  expect((await rows()).map(({ lines }) => lines)).toEqual([['late']]);
  const generations = [first];
  for (let times = 0; times < failureLogLimits.keptPerModule + 1; times += 1) {
    const generation = await move((times % 2) + 1);
    generations.push(generation);
    expect((await send({ generation })).status).toBe(204);
  }
  const kept = (await rows()).map(({ generation }) => Number(generation));
  expect(kept).toEqual(generations.slice(-failureLogLimits.keptPerModule));
});

it('of a generation that is over names no deployment: another one may move the node by now', async () => {
  const generation = await move(1);
  await move(2);
  await send({ generation });
  expect(await rows()).toMatchObject([{ deployment_id: null }]);
});

it('is harmless: terminals would obey it, and pages would show it', async () => {
  const generation = await move();
  const lines = ['\u001b[2J\u009b31m<script>alert(1)</script>\u202e'];
  await send({ generation, lines, code: 'x\u001b' });
  const [row] = await rows();
  expect(row!.lines).toEqual(['\ufffd[2J\ufffd31m<script>alert(1)</script>\ufffd']);
  expect(row!.code).toBe('x\ufffd');
});

it('is left out when the node was never told such a thing', async () => {
  const generation = await move();
  const unknown = [
    { moduleId: newId() },
    { releaseId: module.releases[1]!.id },
    { generation: generation + 1_000_000_000 },
  ];
  for (const change of unknown) expect((await send({ generation, ...change })).status).toBe(204);
  const stranger = await fleet.agent(other, `stranger-${count}`);
  expect((await send({ generation }, stranger)).status).toBe(204);
  const all = await sql('select 1 from failure_logs where module_id = $1', [module.id]);
  expect([await rows(), all]).toEqual([[], []]);
});

it.each([
  ['too many lines', { lines: Array.from({ length: 201 }, () => 'x') }],
  ['too long a line', { lines: ['x'.repeat(1001)] }],
  ['too many bytes', { lines: Array.from({ length: 100 }, () => 'é'.repeat(900)) }],
  ['no line', { lines: [] }],
  ['an unknown field', { more: 1 }],
  ['U+0000', { lines: ['a\u0000'] }],
])('is refused with %s', async (_what, change) => {
  const generation = await move();
  expect((await send({ generation, ...change })).status).toBe(400);
  expect(await rows()).toEqual([]);
});

it('is read by its tenant only, the newest first, by name and by id', async () => {
  const deploymentId = newId();
  const generation = await move(1, deploymentId);
  await send({ generation });
  const logs = fleet.target.failureLogs!;
  const moved = [{ nodeId: agent.nodeId, generation }];
  const question = { moduleId: module.id, deploymentId, moved };
  const read = (tenantId: string, asked = question, node = agent.nodeId) =>
    fleet.inTenant(tenantId, async (open) => [
      await logs.heads(open, asked, 20),
      await logs.newest(open, asked, node),
    ]);
  const [heads, newest] = await read(tenant.id);
  expect(heads).toMatchObject([{ nodeId: agent.nodeId, name: `node-${count}`, code: 'exited' }]);
  expect(newest).toMatchObject({ lines: ['one', 'two'], releaseId: module.releases[0]!.id });
  expect((await read(tenant.id, question, `node-${count}`))[1]).toEqual(newest);
  expect(await read(other.id)).toEqual([[], undefined]);
  // Of another deployment, also when that has told the node a generation of the same number.
  expect(await read(tenant.id, { ...question, deploymentId: newId() })).toEqual([[], undefined]);
  await move(2);
  await send({ generation: generation + 1, releaseId: module.releases[1]!.id });
  await sql('update failure_logs set deployment_id = null where node_id = $1', [agent.nodeId]);
  expect((await read(tenant.id))[0]).toMatchObject([{ generation }]);
});

it('is forgotten after its time, in all tenants', async () => {
  const generation = await move();
  await send({ generation });
  const service = fleet.get(FailureLogsService);
  await service.forget();
  expect(await rows()).toHaveLength(1);
  await sql(`update failure_logs set at = at - interval '31 days' where node_id = $1`, [
    agent.nodeId,
  ]);
  await service.forget();
  expect(await rows()).toEqual([]);
});
