/**
 * A worker whose wall clock is an hour ahead, and then jumps two hours back while it acts. Times are
 * the database's and leases are counted on the monotonic clock, so neither may open a gate early nor
 * keep one closed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets } from '../support/nodes.js';
import { Rollouts, type Entry } from '../support/rollouts.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(180_000);

const HOUR_MS = 3_600_000;
const gate = {
  ...quickGate,
  minWaitMs: 3000,
  maxWaitMs: 60_000,
  minRequests: 10,
  limitCpuPercent: 1000,
  limitMemoryPercent: 1000,
  limitLatencyPercent: 1000,
  floorCpuMillicores: 64_000,
  floorMemoryMiB: 10_000,
  floorLatencyMs: 10_000,
};
const direct = { strategy: { kind: 'direct' } };
const canary = { strategy: { kind: 'canary', wavesPercent: [50, 100] } };

describe('a worker with a wrong clock', () => {
  let folder: string;
  let tidegate: Tidegate;
  let client: Client;
  let rollouts: Rollouts;
  let traffic: Traffic;

  const clock = (offsetMs: number) => writeFile(join(folder, 'offset'), String(offsetMs));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-clock-'));
    await clock(HOUR_MS);
    const preload = pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.mjs')).href;
    const wrong = {
      CLOCK_OFFSET_FILE: join(folder, 'offset'),
      NODE_OPTIONS: `--import ${preload}`,
    };
    tidegate = await Tidegate.start({
      mode: 'cluster',
      workerProcesses: 1,
      workerEnvironments: [wrong],
    });
    client = await tidegate.client();
    rollouts = new Rollouts(tidegate, client, gate);
    const nodes = await tidegate.addNodes(2);
    const service = new TestService(client, 'orders', await freePort(nodeOffsets(2)));
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) await service.push(version);
    await rollouts.expectEnd(await rollouts.begin('orders', '1.0.0', direct), 'Succeeded');
    traffic = new Traffic(nodes, service.port, 25);
    await client.until('/nodes', () => traffic.sent > 600);
  });

  afterAll(async () => {
    await traffic?.stop();
    await tidegate?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** How long each gate was open, by the database's clock, in ms. */
  function gateTimes(journal: readonly Entry[]): number[] {
    const at = (kind: string) =>
      journal.filter((each) => each.kind === kind && each.stepId?.endsWith('.stabilization'));
    const ends = at('step-succeeded');
    return at('step-started').map((start, index) => ends[index]!.at.getTime() - start.at.getTime());
  }

  it('that is an hour ahead opens no gate before its time', async () => {
    expect(tidegate.workers[0]!.log).toContain(
      new Date(Date.now() + HOUR_MS).toISOString().slice(0, 13),
    );
    const journal = await rollouts.expectEnd(
      await rollouts.begin('orders', '2.0.0', canary),
      'Succeeded',
    );
    const times = gateTimes(journal);
    expect(times).toHaveLength(2);
    for (const ms of times) expect(ms).toBeGreaterThanOrEqual(gate.minWaitMs);
  });

  it('that jumps two hours back in mid-gate goes on, and moves nothing twice', async () => {
    await clock(HOUR_MS);
    const before = await rollouts.generations('orders');
    const id = await rollouts.begin('orders', '3.0.0', canary);
    await rollouts.watching(id);
    await clock(-HOUR_MS);
    const times = gateTimes(await rollouts.expectEnd(id, 'Succeeded'));
    for (const ms of times) {
      expect(ms).toBeGreaterThanOrEqual(gate.minWaitMs);
      expect(ms).toBeLessThan(gate.maxWaitMs);
    }
    const after = await rollouts.generations('orders');
    for (const [name, [told]] of Object.entries(before)) {
      expect(after[name]).toEqual([told + 1, told + 1]);
    }
    expect({ failed: traffic.failed }).toEqual({ failed: 0 });
  });
});
