/** What a node says of each release that should run on it, and what the control plane makes of it. */
import { randomUUID } from 'node:crypto';
import { verifyStatement } from '../../src/agent/desired/verify-statement.js';
import type { ObservedModule } from '../../src/agent/protocol/protocol.js';
import type { DesiredPair } from '../../src/drivers/targets/target.js';
import { newId } from '../../src/kernel/ids.js';
import { FleetApp, type TestAgent, type TestTenant } from '../support/fleet-app.js';

describe('a node that says that a release is down', () => {
  let fleet: FleetApp;
  let tenant: TestTenant;
  let module: Awaited<ReturnType<FleetApp['module']>>;
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

  const tell = (agent: TestAgent, releases: DesiredPair[]) =>
    fleet.inTenant(tenant.id, (open) =>
      fleet.target.move(open, {
        clusterId: agent.identity.clusterId,
        moduleId: module.id,
        deploymentId: newId(),
        assignments: [{ nodeId: agent.nodeId, releases }],
        signatureRequired: false,
      }),
    );

  const move = (agent: TestAgent) => tell(agent, [pair(1)]);

  /** The first release keeps this share beside the second. */
  const share = (agent: TestAgent, percent: number) =>
    tell(agent, [
      { ...pair(1), trafficPercent: percent, isKept: true },
      { ...pair(2), trafficPercent: 100 - percent },
    ]);

  const observe = async (agent: TestAgent) =>
    (
      await fleet.inTenant(tenant.id, (open) =>
        fleet.target.observe(open, { moduleId: module.id, nodeIds: [agent.nodeId] }),
      )
    )[0]!;

  const running = (release: number, generation: number, state = 'healthy'): ObservedModule => ({
    moduleId: module.id,
    generation,
    state: state as 'healthy',
    endpoints: [],
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

  const down = (release: number, code: string) => ({
    releaseId: module.releases[release - 1]!.id,
    configurationId: null,
    code,
    message: 'it ended',
  });
  const ranOn = async (agent: TestAgent) => {
    const { clusterId } = agent.identity;
    const pairs = await fleet.inTenant(tenant.id, (open) =>
      fleet.target.running(open, clusterId, module.id),
    );
    return pairs.find(({ nodeId }) => nodeId === agent.nodeId);
  };
  it('still has it to go back to, whatever it failed at since', async () => {
    const agent = await newAgent();
    await move(agent);
    const reason = { code: 'exited', message: 'it ended before it was healthy' };
    const report = { ...running(1, 1, 'failed'), running: [], reason };
    await agent.report({ observed: [{ ...report, down: [down(1, 'crash-loop')] }] });
    expect(await ranOn(agent)).toMatchObject({
      releaseId: module.releases[0]!.id,
      version: '1',
      down: 'crash-loop',
    });
    await agent.report({ observed: [{ ...report, down: [down(1, 'restarting')] }] });
    expect(await ranOn(agent)).toMatchObject({ releaseId: module.releases[0]!.id, down: null });
    await agent.report({ observed: [{ ...running(1, 1), down: [down(1, 'unhealthy')] }] });
    expect(await ranOn(agent)).toMatchObject({ down: 'unhealthy' });
  });

  it('goes back to the one of two that is well, else to the one with more traffic', async () => {
    const agent = await newAgent();
    await share(agent, 90);
    const both = { ...running(1, 1), running: [1, 2].flatMap((one) => running(one, 1).running) };
    await agent.report({ observed: [both] });
    expect(await ranOn(agent)).toMatchObject({ version: '1', down: null });
    await agent.report({ observed: [{ ...running(2, 1), down: [down(1, 'crash-loop')] }] });
    expect(await ranOn(agent)).toMatchObject({ version: '2', down: null });
    const neither = [down(1, 'crash-loop'), down(2, 'crash-loop')];
    await agent.report({
      observed: [{ ...running(2, 1, 'failed'), running: [], down: neither }],
    });
    expect(await ranOn(agent)).toMatchObject({ version: '1', down: 'crash-loop' });
  });

  it('has not drifted by it, and is told which of the two is only kept', async () => {
    const agent = await newAgent();
    await share(agent, 50);
    const statement = await readStatement(agent);
    expect(statement!.modules[0]!.releases.map(({ isKept }) => isKept)).toEqual([true, undefined]);
    const later = () =>
      fleet.asSuperuser(
        `with seen as (update observed_modules set at = at - interval '1 hour'
           where node_id = '${agent.nodeId}')
         update desired_modules set updated_at = updated_at - interval '1 hour'
         where node_id = '${agent.nodeId}'`,
      );
    const report = { ...running(2, 1), down: [down(1, 'crash-loop')] };
    await agent.report({ observed: [report] });
    await later();
    await agent.report({ observed: [report] });
    expect((await observe(agent)).generation).toBe(1);
    // Without a word of the other one it has.
    await agent.report({ observed: [{ ...report, down: [] }] });
    await later();
    await agent.report({ observed: [{ ...report, down: [] }] });
    expect((await observe(agent)).generation).toBe(2);
  });
});
