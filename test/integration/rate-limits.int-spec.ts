import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { limits } from '../../src/kernel/limits.js';
import { newId } from '../../src/kernel/ids.js';
import { RequestAuthenticator } from '../../src/platform/http/request-authenticator.js';
import { Route } from '../../src/platform/http/route.js';
import { RedisLimiter } from '../../src/platform/rate-limits/redis-limiter.js';
import { rates } from '../../src/platform/rate-limits/rates.js';
import { BelievingAuthenticator } from '../support/believing-authenticator.js';
import { describeRateLimiter } from '../support/conformance/rate-limiter.js';
import { eventually } from '../support/eventually.js';
import { startHttpApp, type HttpAppForTest } from '../support/http-app.js';
import { testRedis, type TestRedis } from '../support/redis.js';

// A busy machine is not a Redis that is away.
jest.replaceProperty(limits, 'rateLimiterMs', 3_000 as never);

describeRateLimiter('over Redis', async () => {
  const redis = await testRedis();
  const client = new Redis(redis.url);
  const open = () => {
    const limiter = new RedisLimiter({ ...redis, onError: () => undefined });
    limiter.open();
    return limiter;
  };
  const [one, other] = [open(), open()];
  const ready = { key: 'ready', perMinute: 100_000 };
  await eventually(async () => {
    await Promise.all([one, other].map((each) => each.take([ready])));
  });
  return {
    one,
    other,
    // Its clock is its own: what is stored is moved back instead.
    pass: async (key, ms) => {
      const spent = Number(await client.get(redis.prefix + key));
      await client.set(redis.prefix + key, String(spent - ms), 'KEEPTTL');
    },
    close: async () => {
      for (const each of [one, other]) each.close();
      client.disconnect();
      await redis.stop();
    },
  };
});

const done = z.strictObject({ isDone: z.boolean() }).meta({ id: 'Done' });
const notes = {
  summary: 'Try',
  description: 'Tries.',
  errors: [],
  answer: done,
  status: 200,
} as const;

@Controller('tried')
class Tried {
  @Route('GET', { access: 'authenticated', ...notes })
  read() {
    return { isDone: true };
  }

  @Route('POST', { access: 'authenticated', rate: 'deployments', ...notes })
  deploy() {
    return { isDone: true };
  }

  @Route('GET clusters', { access: 'authenticated', rate: 'clusters', ...notes })
  cluster() {
    return { isDone: true };
  }

  @Route('GET node', { access: 'agent', ...notes })
  node() {
    return { isDone: true };
  }

  @Route('POST sign-in', { access: 'public', rate: 'signIn', ...notes })
  signIn() {
    return { isDone: true };
  }

  @Route('GET health', { access: 'probe', ...notes })
  health() {
    return { isDone: true };
  }
}

/** Of the keys that are counted under, as a process makes them. */
const PREFIX = '{tidegate}:rates:';

describe('requests over the limits', () => {
  let redis: TestRedis;
  let apps: HttpAppForTest[] = [];
  let hosts = 0;

  beforeAll(async () => {
    redis = await testRedis();
    const environment = {
      TIDEGATE_RATE_LIMIT_PROFILE: 'production',
      TIDEGATE_TRUSTED_PROXIES: '127.0.0.1',
      REDIS_URL: redis.url,
    };
    const providers = [{ provide: RequestAuthenticator, useClass: BelievingAuthenticator }];
    const start = () => startHttpApp({ controllers: [Tried], providers, environment });
    apps = [await start(), await start()];
    await eventually(async () => {
      for (const { url } of apps) expect((await ask(url, { as: 'user.t.warm' })).status).toBe(200);
      for (const app of apps) expect(await valueOf(app, 'outside_calls_failed_total')).toBe(0);
    });
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await redis?.stop();
  });

  const freshHost = () => `198.51.${(hosts += 1) >> 8}.${hosts & 255}`;
  const ask = async (
    url: string,
    {
      as,
      from = freshHost(),
      path = '',
      method = 'GET',
      headers = {},
    }: {
      as?: string;
      from?: string;
      path?: string;
      method?: string;
      headers?: Record<string, string>;
    },
  ) => {
    const answer = await fetch(`${url}/api/v1/tried${path}`, {
      method,
      headers: {
        'x-forwarded-for': from,
        ...(as ? { authorization: `Bearer ${as}` } : {}),
        ...headers,
      },
    });
    const body = (await answer.json()) as { code?: string; details?: Record<string, unknown> };
    const of = (name: string) => Number(answer.headers.get(`x-ratelimit-${name}`) ?? NaN);
    const { status } = answer;
    return {
      status,
      body,
      limit: of('limit'),
      remaining: of('remaining'),
      headers: answer.headers,
    };
  };
  /** So many in turns over both processes; how many were let in, and the last answer. */
  const times = async (count: number, asked: Parameters<typeof ask>[1]) => {
    const answers = [];
    for (let at = 0; at < count; at += 20) {
      const some = Array.from({ length: Math.min(20, count - at) }, (_, each) =>
        ask(apps[each % 2]!.url, asked),
      );
      answers.push(...(await Promise.all(some)));
    }
    const letIn = answers.filter(({ status }) => status === 200).length;
    return { letIn, refused: answers.find(({ status }) => status === 429) };
  };
  const valueOf = async ({ platform }: HttpAppForTest, name: string) => {
    const { text } = await platform.metrics.expose(undefined);
    const values = text.split('\n').filter((line) => line.startsWith(`tidegate_${name}`));
    return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  it('are counted by two processes together', async () => {
    const { letIn, refused } = await times(14, { as: `user.t.${newId()}`, method: 'POST' });
    expect(letIn).toBe(rates.deployments.perMinute);
    expect(refused!.body).toMatchObject({
      code: 'rate-limited',
      status: 429,
      details: { limit: 'deployments', perMinute: 10 },
    });
    const wait = Number(refused!.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(6);
    expect([refused!.limit, refused!.remaining]).toEqual([10, 0]);
    expect(Number(refused!.headers.get('x-ratelimit-reset'))).toBeGreaterThan(50);
  });

  it('are counted for each person alone, and for what they do', async () => {
    const tenant = newId();
    const [ada, bob] = [`user.${tenant}.ada`, `user.${tenant}.bob`];
    await times(11, { as: ada, method: 'POST' });
    expect((await ask(apps[0]!.url, { as: ada, method: 'POST' })).status).toBe(429);
    const elsewhere = await ask(apps[0]!.url, { as: ada, path: '/clusters' });
    expect([elsewhere.status, elsewhere.limit, elsewhere.remaining]).toEqual([200, 60, 59]);
    expect((await ask(apps[0]!.url, { as: ada })).limit).toBe(600);
    expect((await ask(apps[0]!.url, { as: bob, method: 'POST' })).status).toBe(200);
  });

  it('are counted for a key by its own number, and not by what a person may', async () => {
    const key = await times(14, { as: `access-key.t.${newId()}`, method: 'POST' });
    expect(key.letIn).toBe(14);
    const slow = await times(8, { as: `access-key.t.${newId()}.3`, method: 'POST' });
    expect(slow.letIn).toBe(3);
    expect(slow.refused!.body.details).toMatchObject({ limit: 'key', perMinute: 3 });
  });

  it('are counted for an address, whoever sends them; nodes behind it have their own', async () => {
    const from = freshHost();
    const unsigned = await ask(apps[0]!.url, { from });
    expect([unsigned.status, unsigned.remaining]).toEqual([401, rates.address.perMinute - 1]);
    const spent = { key: `address:${from}`, perMinute: 1 };
    const limiter = new RedisLimiter({ ...redis, prefix: PREFIX, onError: () => undefined });
    limiter.open();
    await eventually(async () => {
      expect((await limiter.take([spent])).refusal).toBeNull();
    });
    limiter.close();
    // Sixteen come back a second.
    const { letIn, refused } = await times(60, { from, as: `user.${newId()}.ada` });
    expect(letIn).toBeLessThan(60);
    expect(refused!.body.details).toMatchObject({ limit: 'address', perMinute: 1_000 });
    const node = await ask(apps[1]!.url, { from, as: `node.t.${newId()}`, path: '/node' });
    expect([node.status, node.limit]).toEqual([200, 600]);
    expect((await ask(apps[1]!.url, { from, path: '/health' })).status).toBe(200);
  });

  it('are counted for the peer, whatever a header claims that no proxy of ours has written', async () => {
    const from = freshHost();
    const spoofed = () => `203.0.113.${(hosts += 1) & 255}, ${from}`;
    const before = await ask(apps[0]!.url, { from: spoofed(), path: '/sign-in', method: 'POST' });
    const after = await ask(apps[0]!.url, { from: spoofed(), path: '/sign-in', method: 'POST' });
    expect(after.remaining).toBe(before.remaining - 1);
    const forwarded = { forwarded: 'for=192.0.2.200' };
    const third = await ask(apps[0]!.url, {
      from,
      path: '/sign-in',
      method: 'POST',
      headers: forwarded,
    });
    expect(third.remaining).toBe(after.remaining - 1);
  });

  it('leave probes alone, and say nothing of limits there', async () => {
    const from = freshHost();
    const { letIn } = await times(80, { from, path: '/health' });
    expect(letIn).toBe(80);
    expect((await ask(apps[0]!.url, { from, path: '/health' })).limit).toBeNaN();
  });

  it('are limited by each process alone while Redis is frozen or away, and nobody gets an error', async () => {
    if (!redis.freeze) return;
    const as = `user.t.${newId()}`;
    redis.freeze();
    const frozen = await times(30, { as, method: 'POST' });
    redis.thaw!();
    // Ten in each of the two processes.
    expect(frozen.letIn).toBe(20);
    expect(frozen.refused!.status).toBe(429);
    await redis.kill!();
    const other = await times(30, { as: `user.t.${newId()}`, method: 'POST' });
    expect(other.letIn).toBe(20);
    expect(await valueOf(apps[0]!, 'rate_limit_counted_alone_total')).toBeGreaterThan(10);
  }, 30_000);
});
