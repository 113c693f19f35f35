/** What runs is broken, and the gate that compares has to let the good release take its place. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { Rollouts } from '../support/rollouts.js';
import { TestService, Traffic, type Quality } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(240_000);

/** Slower than an error page is, by more than any floor. */
const good = { delayMs: 90 };
const gate = { kind: 'stabilization', ...quickGate };
const byCount = { kind: 'canary', wavesPercent: [50, 100] };
const byTraffic = { kind: 'canary', trafficPercent: 50 };
const blueGreen = { kind: 'blue-green', keepBlueMs: 1000 };

describe('a gate that has nothing sound to compare with', () => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let rollouts: Rollouts;
  let troubles: string;
  let count = 0;

  beforeEach(async () => {
    troubles = await mkdtemp(join(tmpdir(), 'tidegate-troubles-'));
  });

  afterEach(() => rm(troubles, { recursive: true, force: true }));

  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    nodes = await tidegate.addNodes(2);
    rollouts = new Rollouts(tidegate, client, gate);
  });

  afterAll(() => tidegate?.stop());

  /** 1.0.0 serves in its way, 2.0.0 is pushed, and traffic has come for long enough to be a baseline. */
  async function replacing(
    old: Quality,
    next: Quality,
    strategy: object,
    then: (id: string) => Promise<void>,
    breakFirst?: () => Promise<void>,
  ): Promise<void> {
    count += 1;
    const service = new TestService(client, `shop-${count}`, await freePort(nodeOffsets(2)));
    await service.push('1.0.0', old);
    await service.push('2.0.0', next);
    const first = await rollouts.begin(service.name, '1.0.0', { strategy: { kind: 'direct' } });
    await rollouts.expectEnd(first, 'Succeeded');
    await breakFirst?.();
    const traffic = new Traffic(nodes, service.port, 25);
    try {
      await client.until('/nodes?limit=200', () => traffic.sent > 900, 60_000);
      await then(await rollouts.begin(service.name, '2.0.0', { strategy }));
    } finally {
      await traffic.stop();
    }
  }

  async function crash(): Promise<void> {
    await Promise.all(nodes.map(({ name }) => writeFile(join(troubles, name), 'crash')));
    const isLoop = ({ reason }: { reason: { code: string } | null }) =>
      reason?.code === 'crash-loop';
    await client.until<{
      items: { modules: { name: string; reason: { code: string } | null }[] }[];
    }>(
      '/nodes?limit=200',
      ({ items }) =>
        items.every(({ modules }) =>
          modules.some((one) => one.name === `shop-${count}` && isLoop(one)),
        ),
      60_000,
    );
  }

  it('lets the mend of one that answers 500 at once through, by canary with shares', async () => {
    await replacing({ errorRate: 1 }, good, byTraffic, async (id) => {
      const journal = await rollouts.expectEnd(id, 'Succeeded');
      expect(JSON.stringify(journal)).toContain('not judged');
    });
  });

  it.each<[string, object]>([
    ['canary', byCount],
    ['blue-green', blueGreen],
  ])('lets the mend of one that crash-loops through, by %s', async (_, strategy) => {
    const mend = (id: string) => rollouts.expectEnd(id, 'Succeeded').then(() => undefined);
    await replacing({ troubles }, good, strategy, mend, crash);
  });

  it('asks a person about one that is better, and not good', async () => {
    await replacing({ errorRate: 1 }, { errorRate: 0.2 }, byCount, async (id) => {
      const { status, reason } = await rollouts.until(
        id,
        ({ status: now }) => !/^(Pending|Running)$/.test(now),
      );
      expect({ status, reason }).toMatchObject({ status: 'Paused' });
      await client.post(`/deployments/${id}/cancel`, { reason: 'the test is over' });
      await rollouts.ended(id);
    });
  });
});
