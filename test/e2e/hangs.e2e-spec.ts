import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import type { TestNode } from '../support/nodes.js';
import { Rollouts } from '../support/rollouts.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(240_000);

const canary = { strategy: { kind: 'canary', wavesPercent: [50, 100] } };

describe('a release that hangs, in front of clients that do not wait', () => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let rollouts: Rollouts;

  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    nodes = await tidegate.addNodes(2);
    rollouts = new Rollouts(tidegate, client, quickGate);
  });

  afterAll(() => tidegate?.stop());

  async function serviceOf(name: string, qualities: Record<string, object>): Promise<TestService> {
    const service = new TestService(client, name, await freePort());
    for (const [version, quality] of Object.entries(qualities)) {
      await service.push(version, quality);
    }
    const first = await rollouts.begin(name, '1.0.0', { strategy: { kind: 'direct' } });
    await rollouts.expectEnd(first, 'Succeeded');
    return service;
  }

  async function withTraffic(
    { port, name }: TestService,
    patienceMs: number,
    during: () => Promise<void>,
  ): Promise<void> {
    const traffic = new Traffic(nodes, port, 25, patienceMs);
    try {
      await client.until('/nodes?limit=200', () => traffic.sent > 900, 60_000);
      await during();
    } finally {
      await traffic.stop();
    }
    expect({ name, answered: traffic.answers.get('1.0.0') ?? 0 }).not.toEqual({
      name,
      answered: 0,
    });
  }

  it.each([
    [0.2, 400],
    [0.5, 1500],
    [0.9, 400],
  ])('is taken back with %d of its requests unanswered after %d ms', async (rate, patienceMs) => {
    const name = `hangs-${rate * 10}`;
    const service = await serviceOf(name, { '1.0.0': {}, '2.0.0': { hangRate: rate } });
    await withTraffic(service, patienceMs, async () => {
      const id = await rollouts.begin(name, '2.0.0', canary);
      await rollouts.expectEnd(id, 'RolledBack');
      const { body } = await client.get(`/deployments/${id}`);
      expect(body.reason).toMatch(/requests since the move \d+ got no answer before their client/);
      expect(body.decision.reading).toMatchObject({ abandoned: expect.any(Number) });
    });
  });

  it('goes on when its clients left as often before, as they do from long polls', async () => {
    const polls = { hangRate: 0.2 };
    const service = await serviceOf('polls', { '1.0.0': polls, '2.0.0': polls });
    await withTraffic(service, 400, async () => {
      await rollouts.expectEnd(await rollouts.begin('polls', '2.0.0', canary), 'Succeeded');
    });
  });
});
