import type { Redis } from 'ioredis';
import { redisConnections } from './queue-connections.js';

describe('the connections of the queue', () => {
  it.each(['producer', 'worker'] as const)(
    'are tried again within two seconds, however long the outage was: the %s',
    async (side) => {
      // Port 9 is discard: nobody listens there.
      const connections = redisConnections('redis://127.0.0.1:9', 'test');
      try {
        const { retryStrategy } = (connections[side]() as Redis).options;
        const delays = Array.from({ length: 1_000 }, (_, at) => retryStrategy!(at + 1));
        expect(Math.max(...delays.map(Number))).toBeLessThanOrEqual(2_000);
        expect(Math.min(...delays.map(Number))).toBeGreaterThan(0);
      } finally {
        await connections.close();
      }
    },
  );
});
