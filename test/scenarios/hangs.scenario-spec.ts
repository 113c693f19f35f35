import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { Rollouts } from '../support/rollouts.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(240_000);

const canary = { strategy: { kind: 'canary', wavesPercent: [50, 100] } };
const polls = { hangRate: 0.2 };
/** A module each: its two releases, and how long its clients wait. */
const modules = {
  'hangs-2': { releases: [{}, { hangRate: 0.2 }], patienceMs: 400 },
  'hangs-5': { releases: [{}, { hangRate: 0.5 }], patienceMs: 1500 },
  'hangs-9': { releases: [{}, { hangRate: 0.9 }], patienceMs: 400 },
  polls: { releases: [polls, polls], patienceMs: 400 },
};
type Name = keyof typeof modules;

describe('a release that hangs, in front of clients that do not wait', () => {
  let tidegate: Tidegate;
  let client: Client;
  let nodes: TestNode[];
  let rollouts: Rollouts;
  const traffics = new Map<string, Traffic>();

  // What is compared with takes ten seconds to come together: that of all modules at the same time.
  beforeAll(async () => {
    tidegate = await Tidegate.start();
    client = await tidegate.client();
    nodes = await tidegate.addNodes(2);
    rollouts = new Rollouts(tidegate, client, quickGate);
    await Promise.all(Object.keys(modules).map((name) => serve(name as Name)));
    const areMeasured = () => [...traffics.values()].every(({ sent }) => sent > 900);
    await client.until('/nodes?limit=200', areMeasured, 90_000);
  });

  afterAll(async () => {
    await Promise.all([...traffics.values()].map((traffic) => traffic.stop()));
    await tidegate?.stop();
  });

  async function serve(name: Name): Promise<void> {
    const { releases, patienceMs } = modules[name];
    const service = new TestService(client, name, await freePort(nodeOffsets(2)));
    for (const [at, quality] of releases.entries()) await service.push(`${at + 1}.0.0`, quality);
    const first = await rollouts.begin(name, '1.0.0', { strategy: { kind: 'direct' } });
    await rollouts.expectEnd(first, 'Succeeded');
    traffics.set(name, new Traffic(nodes, service.port, 25, patienceMs));
  }

  /** With its traffic, which ends with it. */
  async function rollOut(name: Name, status: 'RolledBack' | 'Succeeded'): Promise<string> {
    const traffic = traffics.get(name)!;
    const id = await rollouts.begin(name, '2.0.0', canary);
    await rollouts.expectEnd(id, status);
    await traffic.stop();
    expect(traffic.answers.get('1.0.0') ?? 0).toBeGreaterThan(0);
    return id;
  }

  it.each<[number, number, Name]>([
    [0.2, 400, 'hangs-2'],
    [0.5, 1500, 'hangs-5'],
    [0.9, 400, 'hangs-9'],
  ])(
    'is taken back with %d of its requests unanswered after %d ms',
    async (_rate, _patienceMs, name) => {
      const { body } = await client.get(`/deployments/${await rollOut(name, 'RolledBack')}`);
      expect(body.reason).toMatch(/requests since the move got no answer before their client/);
      expect(body.decision.reading).toMatchObject({ abandoned: expect.any(Number) });
    },
  );

  it('goes on when its clients left as often before, as they do from long polls', async () => {
    await rollOut('polls', 'Succeeded');
  });
});
