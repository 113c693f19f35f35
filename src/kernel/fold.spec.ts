import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Fold } from './fold.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function bench(options: { atOnce: number; kinds?: number }) {
  const fold = new Fold({ everyMs: 1000, kinds: 10, ...options });
  const told: string[] = [];
  const comes = (name: string, count = 1) => {
    for (let index = 0; index < count; index += 1) {
      const isTold = fold.admits(name, (folded) => told.push(`${name} and ${folded}`));
      if (isTold) told.push(name);
    }
  };
  return { told, comes };
}

describe('a fold', () => {
  it('tells the first of a kind, and the number of the others once a second', () => {
    const { told, comes } = bench({ atOnce: 1 });
    comes('a', 500);
    expect(told).toEqual(['a']);
    jest.advanceTimersByTime(1000);
    comes('a', 3);
    jest.advanceTimersByTime(1000);
    expect(told).toEqual(['a', 'a and 499', 'a and 3']);
  });

  it('begins anew when a kind has been quiet for a second', () => {
    const { told, comes } = bench({ atOnce: 1 });
    comes('a', 2);
    jest.advanceTimersByTime(2000);
    comes('a', 2);
    expect(told).toEqual(['a', 'a and 1', 'a']);
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual(['a', 'a and 1', 'a', 'a and 1']);
  });

  it('does not let one kind hide another', () => {
    const { told, comes } = bench({ atOnce: 1 });
    comes('a', 100);
    comes('b');
    expect(told).toEqual(['a', 'b']);
  });

  it('holds a steady stream to one a second, however slowly it has begun', () => {
    const { told, comes } = bench({ atOnce: 3 });
    for (let second = 0; second < 20; second += 1) {
      comes('a', 2);
      jest.advanceTimersByTime(1000);
    }
    // Two of the three at once and one a second: never more.
    expect(told.length).toBeLessThanOrEqual(23);
    const counted = told.reduce((sum, one) => sum + Number(/\d+$/.exec(one)?.[0] ?? 1), 0);
    expect(counted).toBe(40);
  });

  it('has an end when every one is of another kind', () => {
    const { told, comes } = bench({ atOnce: 1, kinds: 3 });
    for (let index = 0; index < 1000; index += 1) comes(`kind-${index}`);
    expect(told).toHaveLength(4);
    jest.advanceTimersByTime(1000);
    expect(told.at(-1)).toBe('kind-999 and 996');
  });
});
