/** Nodes that lie, and machines that have a node's key and are not the node. */
import { generateKeyPairSync } from 'node:crypto';
import type { ObservedModule } from '../../src/agent/protocol/protocol.js';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { FleetApp, TestAgent, type TestTenant } from '../support/fleet-app.js';

/** The eight points of small order, and what else decodes to one of them. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

describe('nodes that are not what they say', () => {
  let fleet: FleetApp;
  let tenant: TestTenant;
  let other: TestTenant;
  let count = 0;

  beforeAll(async () => {
    fleet = await FleetApp.start();
    [tenant, other] = [await fleet.tenant('acme'), await fleet.tenant('other')];
  });
  afterAll(() => fleet?.close());

  const newName = () => `node-${(count += 1)}`;
  const newAgent = () => fleet.agent(tenant, newName());
  const view = async (agent: TestAgent) =>
    (await fleet.call(`nodes/${agent.nodeId}`, { token: tenant.tokens.Admin })).body;
  const audited = (agent: TestAgent, action: string) =>
    fleet.asSuperuser(
      `select from audit_entries where subject_id = '${agent.nodeId}' and action = '${action}'`,
    );
  /** Another API process would look at once; this one remembers a node for some seconds. */
  const forget = (agent: TestAgent) => fleet.get(Signal).publish(Topic.Desired, agent.nodeId);
  const silence = (agent: TestAgent) =>
    fleet.asSuperuser(
      `update node_presence set last_report_at = now() - interval '21 s' where node_id = '${agent.nodeId}'`,
    );

  describe('a key', () => {
    it.each(SMALL_ORDER)('of small order enrols nobody: %s', async (hex) => {
      const publicKey = Buffer.from(hex, 'hex').toString('base64url');
      const token = await fleet.enrollmentToken(tenant);
      const answer = await new TestAgent(fleet, newName()).enroll(token, { publicKey });
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    });

    it('is of one node, in whatever tenant and under whatever name', async () => {
      const pair = generateKeyPairSync('ed25519');
      const name = newName();
      const first = new TestAgent(fleet, name, pair);
      expect((await first.enroll(await fleet.enrollmentToken(tenant))).status).toBe(200);
      for (const [place, again] of [
        [tenant, newName()],
        [other, name],
        [other, newName()],
      ] as const) {
        // prettier-ignore
        const answer = await new TestAgent(fleet, again, pair).enroll(
          await fleet.enrollmentToken(place),
        );
        expect(answer).toMatchObject({ status: 409, body: { code: 'node-key-taken' } });
        expect(answer.body.detail).not.toContain(name);
      }
      const back = await first.enroll(await fleet.enrollmentToken(tenant));
      expect(back).toMatchObject({ status: 200, body: { nodeId: first.nodeId } });
    });

    it('written in another way is the same key', async () => {
      const agent = await newAgent();
      // The last of 43 characters has two bits that say nothing.
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const last = letters[letters.indexOf(agent.publicKey.at(-1)!) + 1]!;
      const publicKey = agent.publicKey.slice(0, -1) + last;
      const token = await fleet.enrollmentToken(tenant);
      const answer = await new TestAgent(fleet, newName()).enroll(token, { publicKey });
      expect(answer).toMatchObject({ status: 409, body: { code: 'node-key-taken' } });
    });

    it('enrols one of several that use it at once', async () => {
      const pair = generateKeyPairSync('ed25519');
      const answers = await Promise.all(
        [tenant, other, tenant, other].map(async (place) =>
          new TestAgent(fleet, newName(), pair).enroll(await fleet.enrollmentToken(place)),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    });

    it('of a node that was revoked enrols nobody any more', async () => {
      const agent = await newAgent();
      await fleet.call(`nodes/${agent.nodeId}`, { method: 'DELETE', token: tenant.tokens.Admin });
      const answer = await agent.enroll(await fleet.enrollmentToken(tenant));
      expect(answer).toMatchObject({ status: 409, body: { code: 'node-key-taken' } });
      expect(answer.body.detail).toContain('node.key');
    });
  });

  describe('a machine with a stolen key', () => {
    const from = (agent: TestAgent, boot: string, body: object = { bootId: boot }) =>
      agent.token({ boot }).then((token) => agent.report(body, token));
    const refused = { status: 409, body: { code: 'node-duplicated' } };

    it('is let in to nothing when it does not say where it runs', async () => {
      const agent = await newAgent();
      const token = await agent.token({ boot: undefined });
      const answer = await agent.report({}, token);
      expect(answer).toMatchObject({ status: 401, body: { code: 'agent-token-invalid' } });
    });

    it('does not become the node by reporting as another machine than its token says', async () => {
      const agent = await newAgent();
      expect((await from(agent, 'real')).status).toBe(200);
      const answer = await from(agent, 'real', { bootId: 'thief' });
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
      forget(agent);
      expect((await from(agent, 'real')).status).toBe(200);
    });

    it('does not become the node in the moment in which a process still remembers it as silent', async () => {
      const agent = await newAgent();
      // Remembered as one that has never reported.
      expect((await agent.desired(0, 0)).status).toBe(204);
      expect((await from(agent, 'real')).status).toBe(200);
      expect(await from(agent, 'thief')).toMatchObject(refused);
      forget(agent);
      expect((await from(agent, 'real')).status).toBe(200);
    });

    it('is refused and seen, while the node goes on being served', async () => {
      const agent = await newAgent();
      expect((await from(agent, 'real')).status).toBe(200);
      forget(agent);
      for (let time = 0; time < 3; time += 1) {
        expect(await from(agent, 'thief')).toMatchObject(refused);
      }
      expect((await from(agent, 'real')).status).toBe(200);
      expect(await view(agent)).toMatchObject({
        suspicion: { kind: 'duplicated', message: expect.stringContaining('second machine') },
      });
      expect(await audited(agent, 'node-found-duplicated')).toHaveLength(1);
      expect((await view(await newAgent())).suspicion).toBeNull();
    });

    it('that took the place of a silent node does not shut it out unseen', async () => {
      const agent = await newAgent();
      expect((await from(agent, 'real')).status).toBe(200);
      await silence(agent);
      forget(agent);
      // As after a restart of the machine: nobody can tell, and nothing is said.
      expect((await from(agent, 'thief')).status).toBe(200);
      expect((await view(agent)).suspicion).toBeNull();
      forget(agent);
      expect(await from(agent, 'real')).toMatchObject(refused);
      expect(await view(agent)).toMatchObject({ suspicion: { kind: 'duplicated' } });
      expect(await audited(agent, 'node-found-duplicated')).toHaveLength(1);
    });

    it('that was only started again is no copy any more once it is let in', async () => {
      const agent = await newAgent();
      expect((await from(agent, 'before')).status).toBe(200);
      forget(agent);
      expect(await from(agent, 'after')).toMatchObject(refused);
      await silence(agent);
      forget(agent);
      expect((await from(agent, 'after')).status).toBe(200);
      expect((await view(agent)).suspicion).toBeNull();
    });
  });

  describe('a node that says what cannot be', () => {
    type TestModule = Awaited<ReturnType<FleetApp['module']>>;
    const row = (
      module: TestModule,
      release: TestModule['releases'][number],
      generation: number,
    ): ObservedModule => ({
      // prettier-ignore
      moduleId: module.id,
      generation,
      state: 'healthy',
      endpoints: [],
      running: [{ releaseId: release.id, configurationId: null, instance: 'i' }],
    });
    const move = (agent: TestAgent, module: TestModule) => {
      const { id: releaseId, releaseDigest } = module.releases[1]!;
      const pair = { releaseId, releaseDigest, configurationId: null, trafficPercent: 100 };
      return fleet.inTenant(tenant.id, (open) =>
        fleet.target.move(open, {
          clusterId: agent.identity.clusterId,
          moduleId: module.id,
          deploymentId: newId(),
          assignments: [{ nodeId: agent.nodeId, releases: [pair] }],
          signatureRequired: false,
        }),
      );
    };
    const observed = (agent: TestAgent, module: TestModule) =>
      fleet.inTenant(tenant.id, async (open) => {
        const question = { moduleId: module.id, nodeIds: [agent.nodeId] };
        return (await fleet.target.observe(open, question))[0]!;
      });

    it.each([
      ['the largest of all', Number.MAX_SAFE_INTEGER],
      ['the last but one', Number.MAX_SAFE_INTEGER - 1],
      ['one more than a backup can lack', limits.aheadOfDatabase + 2],
    ])('does not stick its module with a generation: %s', async (_what, generation) => {
      const agent = await newAgent();
      const [module, honest] = [await fleet.module(tenant), await fleet.module(tenant)];
      await move(agent, module);
      const rows = [
        row(module, module.releases[1]!, generation),
        row(honest, honest.releases[0]!, 0),
      ];
      expect((await agent.report({ observed: rows })).status).toBe(200);
      expect((await observed(agent, module)).observedGeneration).toBe(0);
      // What else it says is taken as before.
      expect((await observed(agent, honest)).running).toHaveLength(1);
      expect(await view(agent)).toMatchObject({ suspicion: { kind: 'implausible' } });
      expect(await audited(agent, 'node-found-implausible')).toHaveLength(1);
      expect(await move(agent, module)).toEqual([{ nodeId: agent.nodeId, generation: 2 }]);
      expect((await agent.report({ observed: [row(module, module.releases[1]!, 2)] })).status).toBe(
        200,
      );
      expect(await observed(agent, module)).toMatchObject({
        observedGeneration: 2,
        state: 'healthy',
      });
    });

    it('moves the numbers by no more than a backup can lack, however often it says so', async () => {
      const agent = await newAgent();
      const module = await fleet.module(tenant);
      for (let time = 1; time <= 3; time += 1) {
        await agent.report({
          observed: [row(module, module.releases[0]!, time * limits.aheadOfDatabase)],
        });
      }
      const [moved] = await move(agent, module);
      expect(moved!.generation).toBe(limits.aheadOfDatabase + 1);
    });

    it('does not use up the revisions', async () => {
      const agent = await newAgent();
      const answer = await agent.report({ revision: Number.MAX_SAFE_INTEGER - 1 });
      expect(answer).toMatchObject({ status: 200, body: { revision: 0 } });
      expect(await view(agent)).toMatchObject({ suspicion: { kind: 'implausible' } });
      await move(agent, await fleet.module(tenant));
      expect((await agent.desired(0, 0)).status).toBe(200);
    });

    it('cannot have the release of another module ordered for it by saying that it runs it', async () => {
      const agent = await newAgent();
      const [module, secret] = [await fleet.module(tenant), await fleet.module(tenant)];
      await move(agent, module);
      await agent.report({ observed: [row(module, secret.releases[0]!, 1)] });
      const pairs = await fleet.inTenant(tenant.id, (open) =>
        fleet.target.running(open, agent.identity.clusterId, module.id),
      );
      const own = pairs.find(({ nodeId }) => nodeId === agent.nodeId);
      expect(own).toMatchObject({ releaseId: module.releases[1]!.id });
      expect(await view(agent)).toMatchObject({ suspicion: { kind: 'implausible' } });
    });

    it('may not download what it says to run and was never told to', async () => {
      const agent = await newAgent();
      const module = await fleet.module(tenant);
      await agent.report({ observed: [row(module, module.releases[0]!, 0)] });
      const answer = await agent.artifact(module.releases[0]!.artifactDigest);
      expect(answer).toMatchObject({ status: 404, body: { code: 'artifact-not-found' } });
      await move(agent, module);
      expect((await agent.artifact(module.releases[1]!.artifactDigest)).status).toBe(200);
    });
  });
});
