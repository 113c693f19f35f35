/**
 * Redis that is frozen, full, emptied of its scripts, or filled with somebody else's keys: it carries
 * hints, so nothing may wait for it. PostgreSQL and two workers are real; nodes are scripted.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { expectHintsAgain, hintsTaken } from '../support/hints.js';
import { QuietNodes } from '../support/quiet-nodes.js';
import { Tidegate } from '../support/tidegate.js';
import type { TestRedis } from '../support/redis.js';

jest.setTimeout(180_000);

const MODULES = ['orders', 'billing', 'search'];
/** Without any answer of Redis; a request that waited for it would take its command's second or more. */
const PATIENCE_MS = 5_000;

describe('a cluster whose Redis', () => {
  let tidegate: Tidegate;
  let client: Client;
  let quiet: QuietNodes;
  let redis: Required<TestRedis>;
  let admin: Redis;

  beforeAll(async () => {
    tidegate = await Tidegate.start({ mode: 'cluster', workerProcesses: 2 });
    if (!tidegate.redis?.freeze) {
      throw new Error('REDIS_URL names a shared server: unset it, this test breaks Redis.');
    }
    redis = tidegate.redis as Required<TestRedis>;
    client = await tidegate.client();
    quiet = await QuietNodes.join(tidegate, client, 2);
    await QuietNodes.modules(client, ...MODULES);
    admin = new Redis(redis.url);
  });

  afterEach(() => redis.thaw());

  afterAll(async () => {
    admin?.disconnect();
    await quiet?.stop();
    await tidegate?.stop();
  });

  /** One for each module; accepted without waiting, and brought to a good end. */
  async function allEnd(rounds = 1): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      const from = performance.now();
      const ids = await Promise.all(MODULES.map((module) => quiet.begin(module)));
      expect(performance.now() - from).toBeLessThan(PATIENCE_MS);
      for (const id of ids) await quiet.rollouts.expectEnd(id, 'Succeeded');
    }
  }

  it('is frozen still takes deployments and ends them', async () => {
    await allEnd();
    redis.freeze();
    await allEnd(2);
    redis.thaw();
    await expectHintsAgain(tidegate, allEnd);
  });

  it('has no memory left still takes deployments and ends them', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))![1]);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'maxmemory', String(Math.floor(used / 2)));
    await expect(admin.set('canary', 'x')).rejects.toThrow('OOM');
    await allEnd(2);
    await admin.config('SET', 'maxmemory', '0');
    await expectHintsAgain(tidegate, allEnd);
  });

  it('has no room on its disk still takes deployments and ends them', async () => {
    await admin.config('SET', 'appendonly', 'yes');
    await eventually(async () => {
      expect(await admin.info('persistence')).toMatch(/aof_enabled:1\r\naof_rewrite_in_progress:0/);
    });
    redis.limitFiles(0);
    await eventually(async () => {
      await expect(admin.set('canary', 'x')).rejects.toThrow('MISCONF');
    });
    await allEnd(2);
    redis.limitFiles(null);
    await admin.config('SET', 'appendonly', 'no');
    await expectHintsAgain(tidegate, allEnd);
  });

  it('has lost its scripts takes the next hint as if nothing had been', async () => {
    const before = await hintsTaken(tidegate);
    await admin.script('FLUSH');
    await allEnd(2);
    // One at least for each deployment that was accepted: none was lost on the way.
    const given = 2 * MODULES.length;
    await eventually(async () => {
      expect(await hintsTaken(tidegate)).toBeGreaterThanOrEqual(before + given);
    });
  });

  it('holds keys of another type where the queue has its own goes on by the due loop', async () => {
    const [meta] = await admin.keys('*:runs:meta');
    await admin.flushall();
    for (const name of ['wait', 'active', 'paused', 'meta', 'events', 'marker']) {
      await admin.set(meta!.replace(/meta$/, name), 'not yours');
    }
    await allEnd(2);
    expect(await admin.get(meta!.replace(/meta$/, 'wait'))).toBe('not yours');
    await admin.flushall();
    await expectHintsAgain(tidegate, allEnd);
  });

  it('is away does not keep a worker from stopping within its grace', async () => {
    const [worker] = tidegate.workers;
    const ids = await Promise.all(MODULES.map((module) => quiet.begin(module)));
    redis.freeze();
    const from = performance.now();
    await worker!.stop();
    // The grace of a worker is 10 s by default.
    expect(performance.now() - from).toBeLessThan(15_000);
    for (const id of ids) await quiet.rollouts.expectEnd(id, 'Succeeded');
    await allEnd();
  });
});
