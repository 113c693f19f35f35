import { describe, expect, it, jest } from '@jest/globals';
import { HintShare } from '../../src/deployments/runs/hint-share.js';
import { newId } from '../../src/kernel/ids.js';
import { BullMqWakeUp } from '../../src/platform/queue/bullmq-wake-up.js';
import {
  migrateQueueSchema,
  postgresConnections,
  redisConnections,
} from '../../src/platform/queue/queue-connections.js';
import { wakeUpConformance } from '../support/conformance/wake-up.js';
import { freshDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { testRedis } from '../support/redis.js';

const quiet = { warn: () => undefined };

wakeUpConformance('Redis', async () => {
  const redis = await testRedis();
  return {
    open: () => new BullMqWakeUp(redisConnections(redis.url, redis.prefix), quiet),
    close: () => redis.stop(),
  };
});

wakeUpConformance('PostgreSQL', async () => {
  const database = await freshDatabase();
  await migrateQueueSchema(database.owner, 'tidegate_app');
  return {
    open: () =>
      new BullMqWakeUp(
        postgresConnections(database.app, () => undefined),
        quiet,
      ),
    close: () => database.drop(),
  };
});

describe('WakeUp without its server', () => {
  it('neither throws nor hangs when it gives a hint, and stops within its grace', async () => {
    const warnings: string[] = [];
    const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
    // Port 9 is discard: nobody listens there.
    const wakeUp = new BullMqWakeUp(redisConnections('redis://127.0.0.1:9', newId()), log);
    const since = performance.now();
    wakeUp.now({ kind: 'test', tenantId: newId(), id: newId() });
    expect(performance.now() - since).toBeLessThan(500);
    await eventually(() => expect(warnings.length).toBeGreaterThan(0));
    await wakeUp.stop(300);
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it('drops hints at once when several were lost in a row', async () => {
    const observer = { failed: jest.fn(), refused: jest.fn(), changed: jest.fn() };
    const wakeUp = new BullMqWakeUp(redisConnections('redis://127.0.0.1:9', newId()), quiet, {
      observer,
    });
    await eventually(() => {
      wakeUp.now({ kind: 'test', tenantId: newId(), id: newId() });
      expect(observer.refused).toHaveBeenCalled();
    });
    expect(observer.changed).toHaveBeenCalledWith(true);
    expect(observer.failed.mock.calls.length).toBeGreaterThanOrEqual(5);
    await wakeUp.stop(300);
  });

  it('loses its hints to FLUSHALL and takes the next ones', async () => {
    const redis = await testRedis();
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    const wakeUp = new BullMqWakeUp(redisConnections(redis.url, redis.prefix), quiet);
    const seen: string[] = [];
    await wakeUp.start(async ({ id }) => void seen.push(id), { normal: 1, urgent: 1 });
    // A server of REDIS_URL belongs to somebody else: only our own keys are taken away there.
    const keys = await client.keys(`{${redis.prefix}}*`);
    if (keys.length > 0) await client.del(keys);
    const run = { kind: 'test', tenantId: newId(), id: newId() };
    await eventually(() => {
      wakeUp.now(run);
      expect(seen).toContain(run.id);
    });
    client.disconnect();
    await wakeUp.stop(1_000);
    await redis.stop();
  });
});

describe('the events of the queue', () => {
  it('are a thousand at most, since nobody reads them', async () => {
    const redis = await testRedis();
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    const wakeUp = new BullMqWakeUp(redisConnections(redis.url, redis.prefix), quiet);
    try {
      // What the library's scripts on the server cut the stream to.
      await eventually(async () => {
        const kept = await client.hget(`{${redis.prefix}}:runs:meta`, 'opts.maxLenEvents');
        expect(kept).toBe('1000');
      });
    } finally {
      client.disconnect();
      await wakeUp.stop(1_000);
      await redis.stop();
    }
  });
});

describe('a flood of hints', () => {
  it("of one tenant does not delay another tenant's", async () => {
    const redis = await testRedis();
    const wakeUp = new BullMqWakeUp(redisConnections(redis.url, redis.prefix), quiet);
    const flooding = newId();
    const other = { kind: 'test', tenantId: newId(), id: newId() };
    const seen: string[] = [];
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    // Each action of the flooding tenant takes as long as the test does.
    const hints = new HintShare(2, async ({ tenantId, id }) => {
      seen.push(id);
      if (tenantId === flooding) await ended;
    });
    await wakeUp.start((key) => hints.take(key), { normal: 4, urgent: 1 });
    try {
      const hint = () => ({ kind: 'test', tenantId: flooding, id: newId() });
      for (let count = 0; count < 300; count += 1) wakeUp.now(hint());
      await eventually(() => expect(seen).toHaveLength(2));
      // Two of the four that look belong to the flood now, for as long as the test lasts.
      await eventually(() => {
        // Again and again, as a beat gives them: on a busy machine one may be lost.
        wakeUp.now(other);
        expect(seen).toContain(other.id);
      });
      expect(seen.filter((id) => id !== other.id)).toHaveLength(2);
    } finally {
      end();
      await wakeUp.stop(1_000);
      await redis.stop();
    }
  });
});
