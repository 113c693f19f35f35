import { describeRateLimiter } from '../../../test/support/conformance/rate-limiter.js';
import { ManualClock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';
import { Metrics } from '../metrics/metrics.js';
import { FallbackLimiter } from './fallback-limiter.js';
import { MemoryLimiter } from './memory-limiter.js';
import { RateLimiter } from './rate-limiter.js';
import { rateLimitMetrics } from './rate-limits.metrics.js';
import { RateLimits } from './rate-limits.js';
import { type RateName, type RateProfile, rates } from './rates.js';
import { SparingLimiter } from './sparing-limiter.js';

describeRateLimiter('in memory', async () => {
  const clock = new ManualClock();
  const limiter = new MemoryLimiter(clock);
  return {
    one: limiter,
    other: limiter,
    pass: async (_key, ms) => clock.advance(ms),
    close: async () => undefined,
  };
});

it('forgets the budgets that nobody has used for longest, and has an end', async () => {
  const limiter = new MemoryLimiter(new ManualClock());
  const spent = { key: 'spent', perMinute: 1 };
  await limiter.take([spent]);
  for (let at = 0; at < limits.rateBudgets - 1; at += 1) {
    await limiter.take([{ key: `stranger ${at}`, perMinute: 1 }]);
  }
  expect((await limiter.take([spent])).refusal).not.toBeNull();
  await limiter.take([{ key: 'one too many', perMinute: 1 }]);
  expect((await limiter.take([spent])).refusal).toBeNull();
});

describe('a limiter that spares who keeps well within a budget', () => {
  class Counting extends MemoryLimiter {
    asked = 0;

    override take(charges: Parameters<MemoryLimiter['take']>[0]) {
      this.asked += 1;
      return super.take(charges);
    }
  }
  const node = { key: 'node', perMinute: 8, isSpared: true };
  const made = () => {
    const clock = new ManualClock();
    const shared = new Counting(clock);
    return { clock, shared, each: [0, 1].map(() => new SparingLimiter(shared, clock)) };
  };

  it('asks nobody within a quarter of it, and says what the whole of it is', async () => {
    const { clock, shared, each } = made();
    for (let at = 0; at < 20; at += 1) {
      const { levels, refusal } = await each[0]!.take([node]);
      expect(refusal).toBeNull();
      expect(levels[0]).toMatchObject({ limit: 8, remaining: 7 });
      clock.advance(30_000);
    }
    expect(shared.asked).toBe(0);
  });

  it('lets nobody have more than the budget and a quarter from each process', async () => {
    const { shared, each } = made();
    let taken = 0;
    for (let at = 0; at < 40; at += 1) {
      const { refusal } = await each[at % 2]!.take([node]);
      if (refusal === null) taken += 1;
    }
    expect(taken).toBe(8 + 2 * 2);
    expect(shared.asked).toBe(36);
  });

  it('counts everybody else together, and who is counted against more than that', async () => {
    const { shared, each } = made();
    const other = { key: 'other', perMinute: 8 };
    await each[0]!.take([other]);
    await each[0]!.take([node, other]);
    await each[0]!.take([]);
    expect(shared.asked).toBe(3);
  });
});

class Away extends RateLimiter {
  asked = 0;

  take(): Promise<never> {
    this.asked += 1;
    return Promise.reject(new Error('nobody answers'));
  }
}

describe('a limiter whose Redis is away', () => {
  it('counts alone: everybody is answered, and nobody without limits', async () => {
    let alone = 0;
    const limiter = new FallbackLimiter(new Away(), new ManualClock(), () => (alone += 1));
    const charge = { key: 'somebody', perMinute: 3 };
    const verdicts = [];
    for (let at = 0; at < 5; at += 1) verdicts.push(await limiter.take([charge]));
    expect(verdicts.map(({ refusal }) => refusal === null)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(alone).toBe(5);
  });

  it('lets fewer guesses in, since each process counts its own', async () => {
    const limiter = new FallbackLimiter(new Away(), new ManualClock(), () => undefined);
    const guess = { key: 'account', perMinute: 5, isGuess: true };
    for (let at = 0; at < 3; at += 1) expect((await limiter.take([guess])).refusal).toBeNull();
    expect((await limiter.take([guess])).refusal).not.toBeNull();
  });
});

describe('rate limits', () => {
  const make = (profile: RateProfile, limiter?: RateLimiter) => {
    const clock = new ManualClock();
    const metrics = new Metrics();
    const numberOf = (limit: RateName) => rates[limit].perMinute;
    const parts = { limiter: limiter ?? new MemoryLimiter(clock), numberOf, profile, clock };
    const made = new RateLimits({ ...parts, metrics: rateLimitMetrics(metrics) });
    const text = async () => (await metrics.expose(undefined)).text;
    return { rates: made, clock, text };
  };
  const signIn = { limit: 'account', of: 'ada from here' } as const;
  const times = async (count: number, rates: RateLimits, counted: typeof signIn) => {
    for (let at = 0; at < count; at += 1) await rates.take([counted]);
  };

  it('say which limit, how much it is, and how long to wait', async () => {
    const { rates } = make('production');
    await times(5, rates, signIn);
    await expect(rates.take([signIn])).rejects.toMatchObject({
      code: 'rate-limited',
      message:
        'More requests than the 5 a minute that may sign in to this name from your address. Try again in 12 s.',
      details: { limit: 'account', perMinute: 5, retryAfterSeconds: 12 },
    });
  });

  it('are ten times as wide for development', async () => {
    const { rates } = make('development');
    await times(50, rates, signIn);
    await expect(rates.take([signIn])).rejects.toMatchObject({ code: 'rate-limited' });
  });

  it('refuse nobody while they only report, and count what they would have refused', async () => {
    const { rates, text } = make('report-only');
    await times(8, rates, signIn);
    expect(await text()).toContain(
      'tidegate_rate_limit_refusals_total{limit="account",enforced="false"} 3',
    );
  });

  it('are multiplied by the tier of a tenant, and by nobody else’s', async () => {
    const { rates } = make('production');
    rates.multiplyBy((tenantId) => (tenantId === 'large' ? 3 : 1));
    const of = async (tenantId: string) => {
      const counted = { limit: 'deployments', of: `${tenantId}:ada`, tenantId } as const;
      const { tightest } = await rates.ask([counted]);
      return tightest?.limit;
    };
    expect([await of('large'), await of('small')]).toEqual([30, 10]);
  });

  it('of a key are its own where that is less, and never more than a key may', () => {
    const { rates } = make('production');
    const of = (perMinute: number | null) => rates.perMinuteOf({ limit: 'key', perMinute });
    expect([of(null), of(2), of(50_000)]).toEqual([600, 2, 600]);
  });

  it('remember a refusal for a second, and ask nobody for it', async () => {
    const asked: number[] = [];
    const clock = new ManualClock();
    const memory = new MemoryLimiter(clock);
    class Counting extends RateLimiter {
      take(...given: Parameters<MemoryLimiter['take']>) {
        asked.push(1);
        return memory.take(...given);
      }
    }
    const { rates, clock: own } = make('production', new Counting());
    await times(5, rates, signIn);
    for (let at = 0; at < 100; at += 1) await rates.ask([signIn]);
    expect(asked).toHaveLength(6);
    own.advance(1_001);
    await rates.ask([signIn]);
    expect(asked).toHaveLength(7);
  });

  it('tell the limit that is closest to its end', async () => {
    const { rates } = make('production');
    const { tightest } = await rates.ask([
      { limit: 'address', of: 'a' },
      { limit: 'deployments', of: 'b' },
      { limit: 'tenant', of: 'c' },
    ]);
    expect(tightest).toMatchObject({ limit: 10, remaining: 9 });
  });
});
