import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate, type TestMode } from '../support/tidegate.js';

jest.setTimeout(120_000);

interface Deployment {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
}

const over = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled'];

describe.each<TestMode>(['standalone', 'cluster'])('a rollout in %s mode', (mode) => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let service: TestService;

  beforeAll(async () => {
    tidegate = await Tidegate.start({ mode });
    client = await tidegate.client();
    nodes = await tidegate.addNodes(3);
    service = new TestService(client, 'orders', await freePort(nodeOffsets(3)));
    await service.push('1.0.0');
    await service.push('2.0.0');
    await service.push('2.1.0', { delayMs: 120, errorRate: 0.2, leakBytes: 100_000 });
    await service.push('3.0.0', { isSick: true });
  });

  afterAll(() => tidegate?.stop());

  const post = (version: string, more: object = {}, headers: Record<string, string> = {}) =>
    client.post(
      '/deployments',
      { moduleName: 'orders', version, targetEnvironment: 'QA', gate: quickGate, ...more },
      headers,
    );

  const ended = (id: string) =>
    client.until<Deployment>(`/deployments/${id}`, ({ status }) => over.includes(status), 90_000);

  async function deploy(version: string, more: object = {}): Promise<Deployment> {
    const { status, body } = await post(version, more);
    expect({ status, body }).toMatchObject({ status: 202, body: { status: 'Pending' } });
    return ended(body.id as string);
  }

  it('moves all nodes at once by the strategy direct', async () => {
    expect(await deploy('1.0.0', { strategy: { kind: 'direct' } })).toMatchObject({
      status: 'Succeeded',
    });
    const { body } = await client.get('/nodes?limit=200');
    expect(body.items).toHaveLength(3);
  });

  it('lets a good canary through wave by wave and takes a bad one back, losing no request', async () => {
    const traffic = new Traffic(nodes, service.port);
    try {
      await client.until(`/nodes?limit=200`, () => traffic.sent > 1500, 60_000);
      const good = await deploy('2.0.0', {
        strategy: { kind: 'canary', wavesPercent: [10, 50, 100] },
      });
      expect(good).toMatchObject({ status: 'Succeeded' });
      expect({ failed: traffic.failed, answers: [...traffic.answers.keys()].sort() }).toEqual({
        failed: 0,
        answers: ['1.0.0', '2.0.0'],
      });

      const bad = await deploy('2.1.0', {
        strategy: { kind: 'canary', wavesPercent: [10, 50, 100] },
      });
      expect(bad.status).toBe('RolledBack');
      expect(bad.reason).toMatch(/latency|errors/);
      expect(bad).toMatchObject({ decision: { step: 'w1.stabilization' } });
    } finally {
      await traffic.stop();
    }
    const { body } = await client.get(`/deployments?module=orders&limit=2`);
    expect(body.items.map((each: Deployment) => each.status)).toEqual(['RolledBack', 'Succeeded']);
  });

  it('goes back when a release never becomes healthy', async () => {
    const sick = await deploy('3.0.0', { strategy: { kind: 'direct' } });
    expect(sick.status).toBe('RolledBack');
    expect(sick.reason).toMatch(/never-healthy|could not run it/);
    const explained = await client.until<{ failureLogs: { node: string; code: string }[] }>(
      `/deployments/${sick.id}/explain`,
      ({ failureLogs }) => failureLogs.length === 3,
      30_000,
    );
    expect(explained.failureLogs[0]).toMatchObject({ code: 'never-healthy' });
    const { body } = await client.get(`/deployments/${sick.id}/nodes/${nodes[0]!.name}/log`);
    expect(body).toMatchObject({ node: nodes[0]!.name, isCut: false, code: 'never-healthy' });
    expect(body.lines).toEqual(['no database: password=[masked]']);
    expect(sick.reason).not.toContain('hunter22');
  });

  it('answers the same key with the same deployment, and another body with 422', async () => {
    const key = { 'idempotency-key': 'build-1' };
    const direct = { strategy: { kind: 'direct' } };
    const [first, second] = [await post('1.0.0', direct, key), await post('1.0.0', direct, key)];
    expect(second.body).toEqual(first.body);
    expect(await post('2.0.0', direct, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    });
    expect(await ended(first.body.id as string)).toMatchObject({ status: 'Succeeded' });
  });

  it('gives the slot to one deployment after the other', async () => {
    const direct = { strategy: { kind: 'direct' } };
    const answers = await Promise.all(['1.0.0', '2.0.0', '1.0.0'].map((v) => post(v, direct)));
    const runs = await Promise.all(answers.map(({ body }) => ended(body.id as string)));
    expect(runs.map(({ status }) => status)).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
    const spans = (runs as unknown as { startedAt: string; finishedAt: string }[])
      .map(({ startedAt, finishedAt }) => [Date.parse(startedAt), Date.parse(finishedAt)] as const)
      .sort(([a], [b]) => a - b);
    for (let at = 1; at < spans.length; at += 1) {
      expect(spans[at]![0]).toBeGreaterThanOrEqual(spans[at - 1]![1]);
    }
  });

  it('pauses, explains itself, resumes, and cancels with everything taken back', async () => {
    const traffic = new Traffic(nodes, service.port);
    try {
      const slow = { ...quickGate, minWaitMs: 18_000, maxWaitMs: 60_000 };
      const { body } = await post('2.0.0', { strategy: { kind: 'canary' }, gate: slow });
      const id = body.id as string;
      const at = `/deployments/${id}`;
      await client.until<{ gateCheck: unknown }>(at, ({ gateCheck }) => gateCheck !== null, 90_000);
      expect((await client.post(`${at}/resume`, {})).body).toMatchObject({
        code: 'state-not-suitable',
        details: { status: 'Running' },
      });
      expect((await client.post(`${at}/pause`, { reason: 'lunch' })).status).toBe(202);
      await client.until<Deployment>(at, ({ status }) => status === 'Paused', 90_000);
      const why = await client.get(`${at}/explain`);
      expect(why.body).toMatchObject({
        status: 'Paused',
        waitingOn: { kind: 'paused', verb: 'resume' },
        verbs: ['resume', 'cancel'],
      });
      expect((await client.post(`${at}/resume`, {})).status).toBe(202);
      await client.until<Deployment>(at, ({ status }) => status === 'Running', 90_000);
      expect((await client.post(`${at}/cancel`, { reason: 'enough' })).status).toBe(202);
      expect(await ended(id)).toMatchObject({ status: 'Cancelled', reason: 'enough' });
      const plans = await client.get(`${at}/plan`);
      expect(plans.body.plans.at(-1)).toMatchObject({ role: 'undo' });
      expect((await client.post(`${at}/cancel`, {})).status).toBe(409);
    } finally {
      await traffic.stop();
    }
  });
});
