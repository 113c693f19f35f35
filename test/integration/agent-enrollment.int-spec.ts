import { newId } from '../../src/kernel/ids.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import { FleetApp, TestAgent, type TestTenant } from '../support/fleet-app.js';

describe('enrolment and the tokens of nodes', () => {
  let fleet: FleetApp;
  let tenant: TestTenant;
  let other: TestTenant;

  beforeAll(async () => {
    fleet = await FleetApp.start();
    [tenant, other] = [await fleet.tenant('acme'), await fleet.tenant('other')];
  });
  afterAll(() => fleet?.close());

  describe('enrolment', () => {
    it('makes a node of a token and a key, and hands out the keys of statements', async () => {
      const agent = await fleet.agent(tenant, 'first');
      expect(agent.identity).toMatchObject({ protocol: 1, tenantId: tenant.id });
      expect(agent.identity.serverKeys).toEqual([
        { kid: 'test-key', publicKey: expect.stringMatching(/^[\w-]{43}$/) },
      ]);
    });

    it('answers the same when the same node asks again with its used token', async () => {
      const token = await fleet.enrollmentToken(tenant);
      const agent = new TestAgent(fleet, 'again');
      const first = await agent.enroll(token);
      const second = await agent.enroll(token);
      expect(second).toMatchObject({ status: 200, body: first.body });
    });

    it('lets one of two nodes in that use a token at once', async () => {
      const token = await fleet.enrollmentToken(tenant);
      const answers = await Promise.all(
        ['race-1', 'race-2', 'race-3'].map((name) => new TestAgent(fleet, name).enroll(token)),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401, 401]);
    });

    it('refuses a used token for another key', async () => {
      const token = await fleet.enrollmentToken(tenant);
      await new TestAgent(fleet, 'owner').enroll(token);
      const answer = await new TestAgent(fleet, 'owner').enroll(token);
      expect(answer).toMatchObject({ status: 401, body: { code: 'enrollment-token-used' } });
    });

    it('refuses an expired token with a sentence that helps', async () => {
      const token = await fleet.enrollmentToken(tenant);
      await fleet.db.system((tx) =>
        tx.execute(
          `update credentials set expires_at = now() - interval '1 s' where kind = 'enrollment' and used_at is null`,
        ),
      );
      const answer = await new TestAgent(fleet, 'late').enroll(token);
      expect(answer).toMatchObject({ status: 401, body: { code: 'enrollment-token-expired' } });
      expect(answer.body.detail).toContain('enrollment-tokens');
    });

    it('refuses a token that never was, without telling more', async () => {
      const answer = await new TestAgent(fleet, 'nobody').enroll('tge_made-up');
      expect(answer).toMatchObject({ status: 401, body: { code: 'enrollment-token-unknown' } });
    });

    it('keeps a name for the key that has it, and lets that key come back', async () => {
      const agent = await fleet.agent(tenant, 'taken');
      const thief = new TestAgent(fleet, 'taken');
      const refused = await thief.enroll(await fleet.enrollmentToken(tenant));
      expect(refused).toMatchObject({ status: 409, body: { code: 'node-name-taken' } });
      const { nodeId } = agent;
      const back = await agent.enroll(await fleet.enrollmentToken(tenant));
      expect(back).toMatchObject({ status: 200, body: { nodeId } });
    });

    it('holds a token to the name that it was made for', async () => {
      const token = await fleet.enrollmentToken(tenant, { environment: 'QA', name: 'db-1' });
      const wrong = await new TestAgent(fleet, 'db-2').enroll(token);
      expect(wrong).toMatchObject({ status: 409, body: { code: 'enrollment-name-mismatch' } });
      expect((await new TestAgent(fleet, 'db-1').enroll(token)).status).toBe(200);
    });

    it.each([
      ['a name that is no DNS label', { name: 'Not_A_Label' }],
      ['a key that is too short', { publicKey: 'abc' }],
      ['another protocol', { protocol: 2 }],
      ['an unknown field', { tenantId: newId() }],
      ['too many labels', { labels: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, 'x'])) }], // prettier-ignore
    ])('refuses %s', async (_, changes) => {
      const answer = await new TestAgent(fleet, 'bad').enroll('tge_x', changes);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    });
  });

  describe('a node’s token', () => {
    let agent: TestAgent;
    let foreign: TestAgent;
    const now = () => Math.floor(Date.now() / 1000);

    beforeAll(async () => {
      agent = await fleet.agent(tenant, 'bearer');
      foreign = await fleet.agent(other, 'bearer');
    });

    it('lets its node in', async () => {
      expect((await agent.report()).status).toBe(200);
    });

    it.each([
      ['another tenant’s id', 'agent-token-invalid', async () => agent.token({ tenant: other.id })],
      ['another node’s id', 'agent-token-invalid', async () => agent.token({ iss: foreign.nodeId, tenant: other.id }, { kid: foreign.nodeId })], // prettier-ignore
      [
        'a key id that is not the issuer',
        'agent-token-invalid',
        async () => agent.token({}, { kid: newId() }),
      ],
      ['an unknown node', 'agent-token-invalid', async () => agent.token({ iss: newId() })],
      ['another audience', 'agent-token-invalid', async () => agent.token({ aud: 'elsewhere' })],
      ['another type', 'agent-token-invalid', async () => agent.token({}, { typ: 'JWT' })],
      ['a life of an hour', 'agent-token-invalid', async () => agent.token({ exp: now() + 3600 })],
      [
        'a time long ago',
        'clock-skew',
        async () => agent.token({ iat: now() - 600, exp: now() - 540 }),
      ],
      [
        'a time to come',
        'clock-skew',
        async () => agent.token({ iat: now() + 90, exp: now() + 150 }),
      ],
      [
        'no signature',
        'agent-token-invalid',
        async () => (await agent.token()).replace(/\.[^.]*$/, '.'),
      ],
      [
        'a broken signature',
        'agent-token-invalid',
        async () => `${(await agent.token()).slice(0, -8)}AAAAAAAA`,
      ],
      ['nonsense', 'agent-token-invalid', async () => 'nonsense'],
      ['too much of it', 'agent-token-missing', async () => 'x'.repeat(3000)],
      ['a person’s access token', 'agent-token-invalid', async () => tenant.tokens.Admin],
    ])('with %s is refused', async (_, code, make) => {
      // Twice: the second look finds the node's key in memory.
      for (let time = 0; time < 2; time += 1) {
        const answer = await agent.report({}, await make());
        expect(answer).toMatchObject({ status: 401, body: { code } });
      }
    });

    it('of a machine that was copied lets it in to nothing while the first one reports', async () => {
      const copied = await fleet.agent(tenant, 'copied');
      const first = async () => copied.token({ boot: 'first-machine' });
      const second = async () => copied.token({ boot: 'second-machine' });
      const from = (bootId: string) => ({ bootId });
      expect((await copied.report(from('first-machine'), await first())).status).toBe(200);
      // Another process would look at once; this one remembers a node's key for some seconds.
      fleet.get(Signal).publish(Topic.Desired, copied.nodeId);
      const refusal = { status: 409, body: { code: 'node-duplicated' } };
      expect(await copied.report(from('second-machine'), await second())).toMatchObject(refusal);
      const desired = await fleet.call(`agent/desired?after=0&waitMs=0&nonce=${newId()}`, {
        token: await second(),
      });
      expect(desired).toMatchObject(refusal);
      expect((await copied.report(from('first-machine'), await first())).status).toBe(200);

      await fleet.inTenant(tenant.id, (open) =>
        open.tx.execute(
          `update node_presence set last_report_at = now() - interval '21 s'
           where tenant_id = $1 and node_id = $2`,
          [tenant.id, copied.nodeId],
        ),
      );
      fleet.get(Signal).publish(Topic.Desired, copied.nodeId);
      expect((await copied.report(from('second-machine'), await second())).status).toBe(200);
    });

    it('tells the server’s time when the clocks differ', async () => {
      const token = await agent.token({ iat: now() - 600, exp: now() - 540 });
      const { body } = await agent.report({}, token);
      expect(Math.abs(Date.parse(body.details.serverTime) - Date.now())).toBeLessThan(5_000);
    });

    it('is no access to the people’s routes', async () => {
      const answer = await fleet.call('nodes', { token: await agent.token() });
      expect(answer.status).toBe(401);
    });

    it('is missing: 401', async () => {
      expect((await fleet.call('agent/report', { method: 'POST', body: {} })).status).toBe(401);
    });
  });
});
