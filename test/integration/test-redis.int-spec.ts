import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { redisProgram } from '../support/redis-program.js';
import { testRedis } from '../support/redis.js';

describe('a Redis for tests', () => {
  it('is a real server of its own for everybody who asks, and gone after stop', async () => {
    const [first, second] = await Promise.all([testRedis(), testRedis()]);
    const client = new Redis(first.url);
    try {
      await client.set(`${first.prefix}key`, 'value');
      expect(await client.get(`${first.prefix}key`)).toBe('value');
      expect(first.prefix).not.toBe(second.prefix);
      expect(first.url).not.toBe(second.url);
    } finally {
      client.disconnect();
      await first.stop();
      await second.stop();
    }
    const socket = connect(Number(new URL(first.url).port), '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('shares the one that REDIS_URL names, and leaves no key behind', async () => {
    const server = await testRedis();
    const { REDIS_URL: address, TEST_REDIS_PROGRAM: handed } = process.env;
    try {
      process.env['REDIS_URL'] = server.url;
      process.env['TEST_REDIS_PROGRAM'] = JSON.stringify(await redisProgram(() => {}));
      const guest = await testRedis();
      expect(guest.url).toBe(server.url);
      const client = new Redis(server.url);
      await client.set('other', '1');
      await client.set(`${guest.prefix}key`, '1');
      await guest.stop();
      expect(await client.keys('*')).toEqual(['other']);
      client.disconnect();
    } finally {
      process.env['TEST_REDIS_PROGRAM'] = handed;
      if (address === undefined) delete process.env['REDIS_URL'];
      else process.env['REDIS_URL'] = address;
      await server.stop();
    }
  });
});
