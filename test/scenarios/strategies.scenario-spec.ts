import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(120_000);

interface Deployment {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
}

const over = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled'];

describe('the strategies on real nodes', () => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let service: TestService;
  let traffic: Traffic;

  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    nodes = await tidegate.addNodes(3);
    service = new TestService(client, 'orders', await freePort(nodeOffsets(4)));
    for (const version of ['1.0.0', '2.0.0']) await service.push(version);
    // One for each test: what was taken back is not deployed there again.
    for (const version of ['2.1.0', '2.2.0']) {
      await service.push(version, { delayMs: 120, errorRate: 0.2 });
    }
    expect(await deploy('1.0.0', { kind: 'direct' })).toMatchObject({ status: 'Succeeded' });
    traffic = new Traffic(nodes, service.port);
    await client.until('/nodes?limit=200', () => traffic.sent > 1200, 60_000);
  });

  afterAll(async () => {
    await traffic?.stop();
    await tidegate?.stop();
  });

  async function start(version: string, strategy: object, more: object = {}): Promise<string> {
    const { status, body } = await client.post('/deployments', {
      moduleName: 'orders',
      version,
      targetEnvironment: 'QA',
      gate: quickGate,
      strategy,
      ...more,
    });
    expect({ status, body }).toMatchObject({ status: 202 });
    return body.id as string;
  }

  const ended = (id: string) =>
    client.until<Deployment>(`/deployments/${id}`, ({ status }) => over.includes(status), 90_000);

  const deploy = async (version: string, strategy: object, more: object = {}) =>
    ended(await start(version, strategy, more));

  /** Ids of the forward steps that were done, in order. */
  async function stepsDone(id: string): Promise<string[]> {
    const { body } = await client.get(`/deployments/${id}/events?limit=200`);
    const items = body.items as { kind: string; step: string }[];
    return items.filter(({ kind }) => kind === 'step-succeeded').map(({ step }) => step);
  }

  it('rolls batch by batch, each settled before the next, losing no request', async () => {
    const failedBefore = traffic.failed;
    const good = await deploy('2.0.0', { kind: 'rolling', maxUnavailable: 2 });
    expect(good).toMatchObject({ status: 'Succeeded' });
    expect(traffic.failed).toBe(failedBefore);
    const steps = (await stepsDone(good.id)).filter((step) => step.startsWith('w'));
    expect(steps).toEqual(
      [1, 2].flatMap((wave) =>
        ['serving', 'baseline', 'move', 'converge', 'stabilization', 'utilization'].map(
          (kind) => `w${wave}.${kind}`,
        ),
      ),
    );
  });

  it('gives the release of a single node more and more of its traffic', async () => {
    const [node] = await tidegate.addNodes(1, { environment: 'Development' });
    const there = { targetEnvironment: 'Development' };
    const first = await deploy('1.0.0', { kind: 'direct' }, there);
    expect(first).toMatchObject({ status: 'Succeeded' });
    const own = new Traffic([node!], service.port);
    try {
      await client.until('/nodes?limit=200', () => own.sent > 400, 60_000);
      const strategy = { kind: 'canary', trafficPercent: 50 };
      const good = await deploy('2.0.0', strategy, there);
      expect(good).toMatchObject({ status: 'Succeeded' });
      expect(own.failed).toBe(0);
      const steps = (await stepsDone(good.id)).filter((step) => step.endsWith('.stabilization'));
      expect(steps).toEqual(['w1.stabilization', 'w2.stabilization']);

      const bad = await deploy('2.1.0', strategy, there);
      expect(bad).toMatchObject({ status: 'RolledBack' });
      expect(await stepsDone(bad.id)).not.toContain('w2.move');
    } finally {
      await own.stop();
    }
  });

  it('starts green beside blue, switches at once, keeps blue and retires it', async () => {
    const failedBefore = traffic.failed;
    const smokeTests = [{ path: '/', status: 200, body: '1.0.0', count: 2 }];
    const id = await start('1.0.0', { kind: 'blue-green', keepBlueMs: 60_000, smokeTests });
    const at = `/deployments/${id}`;
    interface Waiting {
      readonly status: string;
      readonly waitingOn: { readonly kind: string } | null;
    }
    const kept = await client.until<Waiting>(
      at,
      ({ status, waitingOn }) => over.includes(status) || waitingOn?.kind === 'keep',
      60_000,
    );
    expect(kept).toMatchObject({ status: 'Running', waitingOn: { verb: 'promote' } });
    const promoted = await client.post(`${at}/promote`, { reason: 'looks good' });
    expect(promoted.status).toBe(202);
    expect(await ended(id)).toMatchObject({ status: 'Succeeded' });
    expect(traffic.failed).toBe(failedBefore);
    const steps = (await stepsDone(id)).filter((step) => step.startsWith('w'));
    expect(steps).toEqual([
      'w1.baseline',
      'w1.move',
      'w1.converge',
      'w1.utilization',
      'w2.move',
      'w2.converge',
      'w2.stabilization',
      'w3.keep',
      'w3.move',
      'w3.converge',
    ]);
  });

  it('names the smoke test that green did not pass, and gives it no traffic', async () => {
    const smokeTests = [{ path: '/', status: 418 }];
    const bad = await deploy('2.0.0', { kind: 'blue-green', smokeTests });
    expect(bad.status).toBe('RolledBack');
    expect(bad.reason).toMatch(/smoke test 1 of 1, GET \/: it answered 200, expected 418/);
    expect(await stepsDone(bad.id)).not.toContain('w2.move');
  });

  it('switches back to blue at once when green is bad', async () => {
    const bad = await deploy('2.1.0', { kind: 'blue-green', keepBlueMs: 60_000 });
    expect(bad).toMatchObject({
      status: 'RolledBack',
      reason: expect.stringMatching(/latency|errors/),
    });
    const steps = await stepsDone(bad.id);
    expect(steps).toContain('w2.move');
    expect(steps).not.toContain('w2.stabilization');
    const { body } = await client.get(`/deployments/${bad.id}/events?limit=200`);
    const items = body.items as { step: string | null; at: string }[];
    const back = items.filter(({ step }) => step?.startsWith('u')).map(({ at }) => Date.parse(at));
    const tookMs = Math.max(...back) - Math.min(...back);
    // Nothing is downloaded or started: blue has been running all the time.
    expect(tookMs).toBeLessThan(15_000);
  });

  it('takes a bad rolling update back after its first batch', async () => {
    const bad = await deploy('2.2.0', { kind: 'rolling', maxUnavailable: 1 });
    expect(bad).toMatchObject({ status: 'RolledBack' });
    expect(bad.reason).toMatch(/latency|errors/);
    expect(await stepsDone(bad.id)).not.toContain('w2.move');
  });
});
