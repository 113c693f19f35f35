import { describe, expect, it } from '@jest/globals';
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
    wakeUp.now({ tenantId: newId(), id: newId() });
    expect(performance.now() - since).toBeLessThan(500);
    await eventually(() => expect(warnings.length).toBeGreaterThan(0));
    await wakeUp.stop(300);
    expect(performance.now() - since).toBeLessThan(10_000);
  });

  it('loses its hints to FLUSHALL and takes the next ones', async () => {
    const redis = await testRedis();
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    const wakeUp = new BullMqWakeUp(redisConnections(redis.url, redis.prefix), quiet);
    const seen: string[] = [];
    await wakeUp.start(async ({ id }) => void seen.push(id), { concurrency: 1 });
    // A server of REDIS_URL belongs to somebody else: only our own keys are taken away there.
    const keys = await client.keys(`{${redis.prefix}}*`);
    if (keys.length > 0) await client.del(keys);
    const run = { tenantId: newId(), id: newId() };
    await eventually(() => {
      wakeUp.now(run);
      expect(seen).toContain(run.id);
    });
    client.disconnect();
    await wakeUp.stop(1_000);
    await redis.stop();
  });
});
