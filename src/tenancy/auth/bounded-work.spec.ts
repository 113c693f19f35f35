import { describe, expect, it } from '@jest/globals';
import { BoundedWork, QueueFullError } from './bounded-work.js';

describe('BoundedWork', () => {
  it('runs no more at once than it may, in order, and all of it', async () => {
    const bounded = new BoundedWork(2, 100);
    let active = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        bounded.run(async () => {
          active += 1;
          most = Math.max(most, active);
          order.push(index);
          await new Promise((resolve) => setImmediate(resolve));
          active -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(20);
  });

  it('refuses what exceeds the queue, and is free again afterwards', async () => {
    const bounded = new BoundedWork(1, 1);
    const results = await Promise.allSettled(
      [1, 2, 3].map((n) => bounded.run(() => Promise.resolve(n))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toBeInstanceOf(QueueFullError);
    await expect(bounded.run(() => Promise.resolve(4))).resolves.toBe(4);
  });

  it('gives the place on when work fails', async () => {
    const bounded = new BoundedWork(1, 5);
    const failing = bounded.run(() => Promise.reject(new Error('no')));
    const next = bounded.run(() => Promise.resolve('next'));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe('next');
  });
});
