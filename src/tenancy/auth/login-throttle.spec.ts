import { describe, expect, it } from '@jest/globals';
import { clientNetwork, waitAfter } from './login-throttle.js';

describe('the wait after failures', () => {
  const brake = { freeFailures: 5, longestWaitMs: 900_000 };

  it('is nothing at first, then doubles up to a limit', () => {
    expect([1, 5, 6, 7, 8, 9].map((n) => waitAfter(n, brake))).toEqual([
      0, 0, 1000, 2000, 4000, 8000,
    ]);
    expect(waitAfter(16, brake)).toBe(900_000);
    expect(waitAfter(1_000_000, brake)).toBe(900_000);
  });
});

describe('the network of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2'],
    ['::ffff:192.0.2.7', '192.0.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0DB8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});
