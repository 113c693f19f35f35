/** Networks that part, and that are slow: between nodes and the control plane, and before Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { expectHintsAgain, hintsTaken } from '../support/hints.js';
import { Network } from '../support/network.js';
import { nodeOffsets, TestNode } from '../support/nodes.js';
import { QuietNodes } from '../support/quiet-nodes.js';
import { testRedis, type TestRedis } from '../support/redis.js';
import { Rollouts, startsIn } from '../support/rollouts.js';
import { TestService } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(240_000);

const direct = { strategy: { kind: 'direct' } };
const portOf = (url: string) => Number(new URL(url).port);

describe('nodes behind a bad network', () => {
  let folder: string;
  let diary: string;
  let tidegate: Tidegate;
  let client: Client;
  let rollouts: Rollouts;
  let network: Network;
  let nodes: TestNode[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-network-'));
    diary = join(folder, 'diary');
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    rollouts = new Rollouts(tidegate, client, quickGate);
    network = await Network.before(portOf(tidegate.url));
    const behind = `http://127.0.0.1:${network.port}`;
    nodes = [
      new TestNode(tidegate.url, join(folder, 'node-1'), 1),
      new TestNode(behind, join(folder, 'node-2'), 2),
    ];
    await Promise.all(nodes.map((node) => node.enroll(client, {})));
    await client.until(
      '/nodes',
      ({ items }: { items: { state: string }[] }) =>
        items.length === 2 && items.every(({ state }) => state === 'Healthy'),
    );
    const service = new TestService(client, 'orders', await freePort(nodeOffsets(2)));
    await service.push('1.0.0', { diary });
    await service.push('2.0.0', { diary, startMs: 4000 });
    await service.push('3.0.0', { diary });
    await rollouts.expectEnd(await rollouts.begin('orders', '1.0.0', direct), 'Succeeded');
  });

  afterAll(async () => {
    await Promise.all((nodes ?? []).map((node) => node.destroy()));
    await network?.stop();
    await tidegate?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('finish alone what they were told, are left out, and start nothing twice afterwards', async () => {
    const id = await rollouts.begin('orders', '2.0.0', direct);
    // It has been told and is starting; nothing that it says arrives from now on.
    await eventually(async () => {
      expect(await startsIn(diary)).toHaveProperty(['node-2 2.0.0']);
    });
    network.cut();
    await rollouts.expectEnd(id, 'Succeeded');
    const lost = await client.get('/nodes');
    expect(lost.body.items.map(({ state }: { state: string }) => state).sort()).toEqual([
      'Healthy',
      'Lost',
    ]);
    const before = await rollouts.generations('orders');
    network.mend();
    await client.until('/nodes', ({ items }: { items: { state: string }[] }) =>
      items.every(({ state }) => state === 'Healthy'),
    );
    // The release that it runs is the one that is wanted by now: nobody tells it anything new.
    expect((await rollouts.generations('orders'))['node-2']![0]).toBe(before['node-2']![0]);
    expect((await startsIn(diary))['node-2 2.0.0']).toBe(1);
  });

  it('that is slow and loses packets takes longer, and that is all', async () => {
    network.slow({ latencyMs: 250, jitterMs: 500, bytesPerSecond: 125_000, lossPercent: 20 });
    await rollouts.expectEnd(await rollouts.begin('orders', '3.0.0', direct), 'Succeeded');
    expect((await startsIn(diary))['node-2 3.0.0']).toBe(1);
    network.mend();
  });
});

describe('a worker whose connections to Redis are dead without a word', () => {
  let redis: TestRedis;
  let network: Network;
  let tidegate: Tidegate;
  let quiet: QuietNodes;

  beforeAll(async () => {
    redis = await testRedis();
    network = await Network.before(portOf(redis.url));
    tidegate = await Tidegate.start({
      mode: 'cluster',
      workerProcesses: 1,
      environment: { REDIS_URL: redis.url },
      workerEnvironments: [{ REDIS_URL: `redis://127.0.0.1:${network.port}` }],
    });
    const client = await tidegate.client();
    quiet = await QuietNodes.join(tidegate, client, 2);
    await QuietNodes.modules(client, 'orders');
  });

  afterAll(async () => {
    network?.mend();
    await quiet?.stop();
    await tidegate?.stop();
    await network?.stop();
    await redis?.stop();
  });

  it('goes on by the due loop, and takes hints again when they are alive', async () => {
    const oneEnds = async () => quiet.rollouts.expectEnd(await quiet.begin('orders'), 'Succeeded');
    await expectHintsAgain(tidegate, oneEnds);
    network.silence();
    const before = await hintsTaken(tidegate);
    await oneEnds();
    network.cut();
    await oneEnds();
    expect(await hintsTaken(tidegate)).toBe(before);
    network.mend();
    await expectHintsAgain(tidegate, oneEnds);
  });
});
