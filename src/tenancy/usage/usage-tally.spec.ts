import { UsageTally, type UsageSum } from './usage-tally.js';

const asked = (change: Partial<UsageSum> = {}): UsageSum => ({
  tenantId: 'a',
  day: '2026-11-30',
  module: '',
  environment: '',
  requests: 1,
  failures: 0,
  sentBytes: 100,
  busyMs: 2,
  ...change,
});

describe('what was asked', () => {
  it('is summed up by tenant, day, module and environment, and taken once', () => {
    const tally = new UsageTally();
    tally.add(asked());
    tally.add(asked({ failures: 1, sentBytes: 50 }));
    tally.add(asked({ module: 'orders' }));
    tally.add(asked({ day: '2026-12-01' }));
    expect(tally.take()).toEqual([
      asked({ requests: 2, failures: 1, sentBytes: 150, busyMs: 4 }),
      asked({ module: 'orders' }),
      asked({ day: '2026-12-01' }),
    ]);
    expect(tally.take()).toEqual([]);
  });

  it('has an end in memory, and loses nothing by it', () => {
    const tally = new UsageTally();
    for (let number = 0; number < 10_500; number += 1) tally.add(asked({ module: `m${number}` }));
    const sums = tally.take();
    expect(sums.length).toBeLessThanOrEqual(10_001);
    expect(sums.reduce((sum, { requests }) => sum + requests, 0)).toBe(10_500);
    expect(sums.find(({ module }) => module === '')).toMatchObject({ requests: 500 });
  });
});
