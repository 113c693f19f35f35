import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { verifyStatement } from '../../src/agent/desired/verify-statement.js';
import type { ObservedModule } from '../../src/agent/protocol/protocol.js';
import { ParkedNodes } from '../../src/drivers/targets/agent/parked-nodes.js';
import { nodesOfCluster } from '../../src/fleet/fleet.queries.js';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { eventually, FleetApp, type TestAgent, type TestTenant } from '../support/fleet-app.js';

type TestModule = Awaited<ReturnType<FleetApp['module']>>;

describe('desired and observed state between control plane and agents', () => {
  let fleet: FleetApp;
  let tenant: TestTenant;
  let module: TestModule;
  let count = 0;

  beforeAll(async () => {
    fleet = await FleetApp.start();
    tenant = await fleet.tenant('acme');
  });
  afterAll(() => fleet?.close());
  beforeEach(async () => {
    module = await fleet.module(tenant);
  });

  const newAgent = () => fleet.agent(tenant, `node-${(count += 1)}`);

  const pair = (release: number) => ({
    releaseId: module.releases[release - 1]!.id,
    releaseDigest: module.releases[release - 1]!.releaseDigest,
    configurationId: null,
    trafficPercent: 100,
  });

  const move = (agents: TestAgent[], release: number | null, deploymentId = newId()) =>
    fleet.inTenant(tenant.id, (open) =>
      fleet.target.move(open, {
        ...{ clusterId: agents[0]!.identity.clusterId, moduleId: module.id, deploymentId },
        assignments: agents.map(({ nodeId }) => ({
          ...{ nodeId, releases: release === null ? [] : [pair(release)] },
        })),
        signatureRequired: false,
      }),
    );

  const observe = async (agent: TestAgent) =>
    (
      await fleet.inTenant(tenant.id, (open) =>
        fleet.target.observe(open, { moduleId: module.id, nodeIds: [agent.nodeId] }),
      )
    )[0]!;

  const running = (release: number, generation: number, state = 'healthy'): ObservedModule => ({
    ...{ moduleId: module.id, generation, state: state as 'healthy', endpoints: [] },
    running: [
      { releaseId: module.releases[release - 1]!.id, configurationId: null, instance: 'i-1' },
    ],
  });

  const readStatement = async (agent: TestAgent, after = 0) => {
    const nonce = randomUUID();
    const answer = await fleet.call(`agent/desired?after=${after}&waitMs=0&nonce=${nonce}`, {
      token: await agent.token(),
    });
    if (answer.status === 204) return null;
    const { tenantId, nodeId, serverKeys } = agent.identity;
    const expected = { serverKeys, tenantId, nodeId, nonce, revision: after };
    return verifyStatement(answer.body.statement as string, expected);
  };

  describe('the desired state', () => {
    it('is a statement that the agent’s own check accepts', async () => {
      const agent = await newAgent();
      expect(await readStatement(agent)).toBeNull();
      expect(await move([agent], 1)).toEqual([{ nodeId: agent.nodeId, generation: 1 }]);
      const statement = await readStatement(agent);
      expect(statement).toMatchObject({
        revision: 1,
        refused: [],
        modules: [
          {
            ...{ moduleId: module.id, name: module.name, generation: 1, signatureRequired: false },
            releases: [
              {
                ...{ version: '1', configuration: {}, configurationId: null, signature: null },
                ...{ artifactDigest: module.releases[0]!.artifactDigest, artifactBytes: 8 },
              },
            ],
          },
        ],
      });
      expect(await readStatement(agent, 1)).toBeNull();
    });

    it('grows by generation and revision; absent is an empty list', async () => {
      const agent = await newAgent();
      await move([agent], 1);
      expect(await move([agent], 2)).toEqual([{ nodeId: agent.nodeId, generation: 2 }]);
      expect(await move([agent], null)).toEqual([{ nodeId: agent.nodeId, generation: 3 }]);
      expect(await readStatement(agent, 2)).toMatchObject({
        revision: 3,
        modules: [{ generation: 3, releases: [] }],
      });
    });

    it('does not change when the same deployment repeats its move', async () => {
      const agent = await newAgent();
      const deploymentId = newId();
      await move([agent], 1, deploymentId);
      expect(await move([agent], 1, deploymentId)).toEqual([
        { nodeId: agent.nodeId, generation: 1 },
      ]);
      expect(await readStatement(agent, 1)).toBeNull();
      expect((await move([agent], 1))[0]?.generation).toBe(2);
    });

    it('is told anew to a node that has failed at it, also by the same deployment', async () => {
      const agent = await newAgent();
      const deploymentId = newId();
      await move([agent], 1, deploymentId);
      await agent.report({ observed: [running(1, 1, 'failed')] });
      expect((await move([agent], 1, deploymentId))[0]?.generation).toBe(2);
      expect((await move([agent], 1, deploymentId))[0]?.generation).toBe(2);
    });

    it('leaves out a node that was revoked meanwhile, and one of another cluster', async () => {
      const [agent, gone] = [await newAgent(), await newAgent()];
      const elsewhere = await fleet.agent(tenant, `qa-${(count += 1)}`, { environment: 'QA' });
      await fleet.call(`nodes/${gone.nodeId}`, { method: 'DELETE', token: tenant.tokens.Admin });
      const moved = await move([agent, gone, elsewhere], 1);
      expect(moved.map((node) => node.nodeId)).toEqual([agent.nodeId]);
      expect((await observe(gone)).health).toBe('Revoked');
    });

    it('goes above the generation of a node that has seen more than the database', async () => {
      const agent = await newAgent();
      await agent.report({ observed: [running(1, 41)] });
      expect((await move([agent], 2))[0]?.generation).toBe(42);
    });

    it('jumps past the revision of a node that is ahead of the database', async () => {
      const agent = await newAgent();
      const answer = await agent.report({ revision: 70 });
      expect(answer.body.revision).toBe(71);
      expect((await readStatement(agent, 70))?.revision).toBe(71);
    });

    it('keeps order when two moves of a node come at once', async () => {
      const agents = [await newAgent(), await newAgent(), await newAgent()];
      await Promise.all(
        Array.from({ length: 6 }, (_, at) => move(at % 2 ? agents : [...agents].reverse(), 1)),
      );
      expect((await observe(agents[0]!)).generation).toBe(6);
    });
  });

  describe('the long poll', () => {
    const parked = () => fleet.get(ParkedNodes).size;

    it('answers a parked agent as soon as a move has been committed', async () => {
      const agent = await newAgent();
      const poll = agent.desired(0, 10_000);
      await eventually(() => parked() === 1);
      const before = performance.now();
      await move([agent], 1);
      expect((await poll).status).toBe(200);
      expect(performance.now() - before).toBeLessThan(1_000);
    });

    it('notices a change whose signal was lost', async () => {
      const agent = await newAgent();
      const poll = agent.desired(0, 10_000);
      await eventually(() => parked() === 1);
      await fleet.inTenant(tenant.id, (open) =>
        open.tx.execute('update nodes set desired_revision = 5 where tenant_id = $1 and id = $2', [
          ...[tenant.id, agent.nodeId],
        ]),
      );
      expect((await poll).status).toBe(200);
    });

    it('answers 204 when nothing is new in time', async () => {
      const agent = await newAgent();
      expect((await agent.desired(0, 50)).status).toBe(204);
      expect(parked()).toBe(0);
    });

    it('gives the place to a newer request of the same node', async () => {
      const agent = await newAgent();
      const older = agent.desired(0, 20_000);
      await eventually(() => parked() === 1);
      const newer = agent.desired(0, 20_000);
      expect((await older).status).toBe(204);
      expect(parked()).toBe(1);
      await move([agent], 1);
      expect((await newer).status).toBe(200);
    });

    it('frees the place when the agent goes away', async () => {
      const agent = await newAgent();
      const away = new AbortController();
      const poll = agent.desired(0, 20_000, away.signal).catch(() => 'aborted');
      await eventually(() => parked() === 1);
      away.abort();
      expect(await poll).toBe('aborted');
      await eventually(() => parked() === 0);
    });

    it('ends with 401 when the node is revoked', async () => {
      const agent = await newAgent();
      const poll = agent.desired(0, 20_000);
      await eventually(() => parked() === 1);
      await fleet.call(`nodes/${agent.nodeId}`, { method: 'DELETE', token: tenant.tokens.Admin });
      expect(await poll).toMatchObject({ status: 401, body: { code: 'node-revoked' } });
    });

    it.each([
      ['waitMs over the limit', `after=0&waitMs=${limits.longPollMs + 1}&nonce=${'n'.repeat(22)}`],
      ['a negative revision', `after=-1&waitMs=0&nonce=${'n'.repeat(22)}`],
      ['no nonce', 'after=0&waitMs=0'],
      ['a short nonce', 'after=0&waitMs=0&nonce=abc'],
      ['an unknown parameter', `after=0&waitMs=0&nonce=${'n'.repeat(22)}&x=1`],
    ])('refuses %s', async (_, query) => {
      const agent = await newAgent();
      const answer = await fleet.call(`agent/desired?${query}`, { token: await agent.token() });
      expect(answer.status).toBe(400);
    });
  });

  describe('reports', () => {
    it('tell what runs, and tell the listener only of what has changed', async () => {
      const agent = await newAgent();
      await move([agent], 1);
      const told = () => fleet.reports.filter((report) => report.nodeId === agent.nodeId);
      await agent.report({ observed: [running(1, 1, 'converging')] });
      await agent.report({ observed: [running(1, 1, 'converging')] });
      await agent.report({ observed: [running(1, 1)] });
      expect(told().map((report) => report.changedModuleIds)).toEqual([[module.id], [module.id]]);
      expect(await observe(agent)).toMatchObject({
        ...{ generation: 1, observedGeneration: 1, state: 'healthy', health: 'Healthy' },
        running: [{ releaseId: module.releases[0]!.id, instance: 'i-1' }],
      });
    });

    it('are refused when they are malformed', async () => {
      const agent = await newAgent();
      const twice = { observed: [running(1, 1), running(1, 2)] };
      expect((await agent.report(twice)).status).toBe(400);
      expect((await agent.report({ bootId: 'x'.repeat(65) })).status).toBe(400);
      expect((await agent.report({ extra: 1 } as never)).status).toBe(400);
    });

    it('leave out a module that does not exist instead of failing', async () => {
      const agent = await newAgent();
      const answer = await agent.report({ observed: [{ ...running(1, 1), moduleId: newId() }] });
      expect(answer.status).toBe(200);
    });

    it('store counters with the server’s time less their age', async () => {
      const agent = await newAgent();
      const row = {
        ...{ moduleId: module.id, releaseId: module.releases[0]!.id, instance: 'i-1' },
        ...{ ageMs: 2_000.5, requests: 10, errors: 1, frontErrors: 2, cut: 3, retries: 4 },
        ...{ clientGone: 5, websockets: 6, cpuMs: 12.5, memoryBytes: 1024 },
        histogram: [[40, 10]] as [number, number][],
        abandoned: [[120, 2]] as [number, number][],
      };
      const old = { ...row, ageMs: 2 * 60 * 60 * 1000, instance: 'too-old' };
      await agent.report({ metrics: [row, old] });
      const stored = await fleet.inTenant(tenant.id, (open) =>
        open.tx.query<Record<string, unknown>>(
          `select instance, requests, errors, counters,
             extract(epoch from clock_timestamp() - at)::float8 as age
           from node_metrics where tenant_id = $1 and node_id = $2`,
          [tenant.id, agent.nodeId],
        ),
      );
      expect(stored).toMatchObject([
        {
          ...{ instance: 'i-1', requests: 10, errors: 6 },
          counters: { cut: 3, histogram: [[40, 10]], abandoned: [[120, 2]] },
        },
      ]);
      expect(stored[0]!.age).toBeGreaterThanOrEqual(2);
      expect(stored[0]!.age).toBeLessThan(10);
    });
  });

  describe('what a cluster runs when nothing is in flight', () => {
    /** The deployment's row that module_targets and slots refer to is beside the point here. */
    const setTarget = (agent: TestAgent, release: number, deploymentId = newId()) =>
      fleet.inTenant(tenant.id, (open) =>
        fleet.target.setTarget(open, {
          ...{ clusterId: agent.identity.clusterId, moduleId: module.id, deploymentId },
          ...{ releaseId: module.releases[release - 1]!.id, configurationId: null },
        }),
      );
    const releaseOf = async (agent: TestAgent) => {
      const statement = await readStatement(agent);
      const found = statement?.modules.find((each) => each.moduleId === module.id);
      return found?.releases[0]?.version ?? null;
    };

    it('comes to a new node with its first report', async () => {
      const old = await newAgent();
      await setTarget(old, 1);
      const agent = await newAgent();
      const answer = await agent.report();
      expect(answer.body.revision).toBeGreaterThan(0);
      expect(await releaseOf(agent)).toBe('1');
    });

    it('comes to a node that missed the rollout, and not to one that took part in it', async () => {
      const [missed, moved] = [await newAgent(), await newAgent()];
      await move([missed, moved], 1);
      const deploymentId = newId();
      await move([moved], 2, deploymentId);
      await setTarget(moved, 2, deploymentId);
      for (const agent of [missed, moved]) await agent.report();
      expect(await releaseOf(missed)).toBe('2');
      expect((await observe(moved)).generation).toBe(2);
    });

    it('never undoes what a later rollout, or its undo, has put there', async () => {
      const agent = await newAgent();
      await setTarget(agent, 1);
      await agent.report();
      await move([agent], 2);
      await agent.report();
      expect(await releaseOf(agent)).toBe('2');
    });

    it('waits for a rollout of the module, except at a node that has nothing of it', async () => {
      const missed = await newAgent();
      await move([missed], 1);
      await setTarget(missed, 2);
      const { clusterId } = missed.identity;
      const holdSlot = (holder: string) =>
        fleet.asSuperuser(
          // Without the deployment's row, which is beside the point here, too.
          `set session_replication_role = replica;
           insert into deployment_slots (tenant_id, cluster_id, module_id, holder_deployment_id)
           values ('${tenant.id}', '${clusterId}', '${module.id}', ${holder})
           on conflict (tenant_id, cluster_id, module_id)
           do update set holder_deployment_id = excluded.holder_deployment_id`,
        );
      await holdSlot(`'${newId()}'`);
      const fresh = await newAgent();
      for (const agent of [missed, fresh]) await agent.report();
      expect(await releaseOf(missed)).toBe('1');
      expect(await releaseOf(fresh)).toBe('2');
      await holdSlot('null');
      await missed.report();
      expect(await releaseOf(missed)).toBe('2');
    });

    it('does not come to a cordoned node before it is taken back', async () => {
      const agent = await newAgent();
      const asAdmin = { method: 'POST', token: tenant.tokens.Admin };
      await fleet.call(`nodes/${agent.nodeId}/cordon`, asAdmin);
      await setTarget(agent, 1);
      await agent.report();
      expect(await releaseOf(agent)).toBeNull();
      await fleet.call(`nodes/${agent.nodeId}/uncordon`, asAdmin);
      await agent.report();
      expect(await releaseOf(agent)).toBe('1');
    });

    it('comes to a returning node, whatever it was told again meanwhile', async () => {
      const agent = await newAgent();
      const asAdmin = { method: 'POST', token: tenant.tokens.Admin };
      await move([agent], 1);
      await agent.report({ observed: [running(1, 1)] });
      await fleet.call(`nodes/${agent.nodeId}/cordon`, asAdmin);
      await setTarget(agent, 2);
      // It drifts, and is told again what it was told before the target was set.
      await agent.report({ observed: [{ ...running(1, 1), running: [] }] });
      const own = `node_id = '${agent.nodeId}'`;
      await fleet.asSuperuser(
        `with seen as (update observed_modules set at = at - interval '1 hour' where ${own})
         update desired_modules set updated_at = updated_at - interval '1 hour' where ${own}`,
      );
      await agent.report();
      expect((await observe(agent)).generation).toBe(2);
      expect(await releaseOf(agent)).toBe('1');
      await agent.report({ observed: [running(1, 2)] });
      await fleet.call(`nodes/${agent.nodeId}/uncordon`, asAdmin);
      await agent.report();
      expect(await releaseOf(agent)).toBe('2');
    });

    it('is answered per node by what the node itself says it runs', async () => {
      const [silent, fallen, empty] = [await newAgent(), await newAgent(), await newAgent()];
      const [crashing, never] = [await newAgent(), await newAgent()];
      await move([silent], 1);
      await move([fallen, crashing, never], 2);
      await fallen.report({ observed: [running(1, 1, 'failed')] });
      const failed = (code: string) => ({
        ...{ ...running(2, 1, 'failed'), running: [], reason: { code, message: 'no' } },
      });
      // Between two starts: nothing runs at this moment.
      await crashing.report({ observed: [failed('crash-loop')] });
      await never.report({ observed: [failed('never-healthy')] });
      const { clusterId } = silent.identity;
      const pairs = await fleet.inTenant(tenant.id, (open) =>
        fleet.target.running(open, clusterId, module.id),
      );
      const releaseOn = (agent: TestAgent) =>
        pairs.find((each) => each.nodeId === agent.nodeId)?.releaseDigest;
      const [first, second] = module.releases.map(({ releaseDigest }) => releaseDigest);
      expect([silent, fallen, empty, crashing, never].map(releaseOn)).toEqual([
        ...[first, first, null, second, null],
      ]);
      const facts = await fleet.inTenant(tenant.id, (open) => nodesOfCluster(open, clusterId));
      const factOf = (agent: TestAgent) => facts.find((fact) => fact.id === agent.nodeId);
      expect(factOf(silent)).toMatchObject({ state: 'Lost', lastReportAt: null });
      expect(factOf(fallen)).toMatchObject({ state: 'Healthy', labels: { zone: 'a' } });
    });
  });

  describe('artifacts', () => {
    const digestOf = (release: number) => module.releases[release - 1]!.artifactDigest;

    it('go to the node that should run them, now or last', async () => {
      const agent = await newAgent();
      await move([agent], 1);
      const answer = await agent.artifact(digestOf(1));
      expect(answer).toMatchObject({ status: 200, body: 'artifact' });
      expect(answer.headers.get('content-length')).toBe('8');
      await move([agent], 2);
      expect((await agent.artifact(digestOf(1))).status).toBe(200);
      expect((await agent.artifact(digestOf(2))).status).toBe(200);
    });

    it('go to nobody else', async () => {
      const [agent, neighbour] = [await newAgent(), await newAgent()];
      await move([agent], 1);
      expect(await neighbour.artifact(digestOf(1))).toMatchObject({ status: 404 });
      expect(await agent.artifact(digestOf(2))).toMatchObject({ status: 404 });
      expect((await agent.artifact('sha256:abc')).status).toBe(400);
    });

    it('are held back while many of the cluster download, and flow again afterwards', async () => {
      const { downloadsPerCluster, streamsPerCaller } = limits;
      const late = await newAgent();
      const crowd = await Promise.all(
        Array.from({ length: Math.ceil(downloadsPerCluster / streamsPerCaller) }, () => newAgent()),
      );
      await move([late, ...crowd], 1);
      const open: Readable[] = [];
      fleet.artifact = () => {
        const stream = new Readable({ read: () => undefined });
        open.push(stream);
        return stream;
      };
      const downloads = Array.from({ length: downloadsPerCluster }, (_, number) =>
        crowd[number % crowd.length]!.artifact(digestOf(1)).catch(() => null),
      );
      await eventually(() => open.length === downloadsPerCluster);
      const busy = await late.artifact(digestOf(1));
      expect(busy).toMatchObject({ status: 503, body: { code: 'downloads-busy' } });
      expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0);
      open.forEach((stream) => (stream.push('artifact'), stream.push(null)));
      await Promise.all(downloads);
      fleet.artifact = () => Readable.from([Buffer.from('artifact')]);
      await eventually(async () => (await late.artifact(digestOf(1))).status === 200);
    });

    it('are a few at once for one node, which leaves the places of the cluster to others', async () => {
      const [greedy, other] = [await newAgent(), await newAgent()];
      await move([greedy, other], 1);
      const open: Readable[] = [];
      fleet.artifact = () => {
        const stream = new Readable({ read: () => undefined });
        open.push(stream);
        return stream;
      };
      const downloads = Array.from({ length: limits.streamsPerCaller }, () =>
        greedy.artifact(digestOf(1)).catch(() => null),
      );
      await eventually(() => open.length === limits.streamsPerCaller);
      const refused = await greedy.artifact(digestOf(1));
      expect(refused).toMatchObject({ status: 429, body: { code: 'downloads-limit' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const others = other.artifact(digestOf(1));
      await eventually(() => open.length === limits.streamsPerCaller + 1);
      open.forEach((stream) => (stream.push('artifact'), stream.push(null)));
      await Promise.all(downloads);
      expect(await others).toMatchObject({ status: 200, body: 'artifact' });
      fleet.artifact = () => Readable.from([Buffer.from('artifact')]);
      await eventually(async () => (await greedy.artifact(digestOf(1))).status === 200);
    });
  });
});
