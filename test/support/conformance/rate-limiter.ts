import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../../src/kernel/ids.js';
import type { Charge, RateLimiter } from '../../../src/platform/rate-limits/rate-limiter.js';

export interface LimitersUnderTest {
  /** Of two processes; the same one where nothing is shared. */
  readonly one: RateLimiter;
  readonly other: RateLimiter;
  /** So much time goes by, for what is counted of this key. */
  pass(key: string, ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every way of counting promises. */
export function describeRateLimiter(title: string, setUp: () => Promise<LimitersUnderTest>): void {
  describe(`a rate limiter ${title}`, () => {
    let limiters: LimitersUnderTest;
    const budget = (perMinute: number): Charge => ({ key: `test:${newId()}`, perMinute });
    /** How many of so many at once are let in, by both in turns. */
    const letIn = async (charges: readonly Charge[], times: number) => {
      const asked = Array.from({ length: times }, (_, at) =>
        (at % 2 === 0 ? limiters.one : limiters.other).take(charges),
      );
      return (await Promise.all(asked)).filter(({ refusal }) => refusal === null).length;
    };

    beforeAll(async () => {
      limiters = await setUp();
    });
    afterAll(() => limiters?.close());

    it.each([1, 7, 60, 600])('lets %i a minute in at once, not one more', async (perMinute) => {
      expect(await letIn([budget(perMinute)], perMinute + 1)).toBe(perMinute);
    });

    it('gives back evenly: a share of the minute, a request', async () => {
      const charge = budget(6);
      await letIn([charge], 6);
      const { refusal } = await limiters.other.take([charge]);
      expect(refusal!.waitMs).toBeGreaterThan(9_000);
      expect(refusal!.waitMs).toBeLessThanOrEqual(10_000);
      await limiters.pass(charge.key, 8_500);
      expect((await limiters.one.take([charge])).refusal).not.toBeNull();
      await limiters.pass(charge.key, 1_500);
      expect(await letIn([charge], 3)).toBe(1);
      await limiters.pass(charge.key, 3_600_000);
      expect(await letIn([charge], 9)).toBe(6);
    });

    it('says what is left, and when all of it is there again', async () => {
      const charge = budget(10);
      const { levels } = await limiters.one.take([charge]);
      expect(levels[0]).toMatchObject({ limit: 10, remaining: 9 });
      expect(levels[0]!.resetMs).toBeGreaterThan(5_900);
      expect(levels[0]!.resetMs).toBeLessThanOrEqual(6_000);
      await letIn([charge], 9);
      const { levels: after } = await limiters.other.take([charge]);
      expect(after[0]).toMatchObject({ limit: 10, remaining: 0 });
      expect(after[0]!.resetMs).toBeGreaterThan(58_000);
    });

    it('takes all or nothing: who is refused by one limit spends nothing of another', async () => {
      const [wide, narrow] = [budget(20), budget(5)];
      expect(await letIn([wide, narrow], 12)).toBe(5);
      const { refusal } = await limiters.one.take([wide, narrow]);
      expect(refusal!.index).toBe(1);
      expect(await letIn([wide], 20)).toBe(15);
    });

    it('names the one that makes wait longest', async () => {
      const [quick, slow] = [budget(60), budget(2)];
      await letIn([quick], 60);
      await letIn([slow], 2);
      const { refusal } = await limiters.one.take([quick, slow]);
      expect(refusal!.index).toBe(1);
      expect(refusal!.waitMs).toBeGreaterThan(25_000);
    });

    it('follows a limit that is changed under way', async () => {
      const charge = budget(4);
      await letIn([charge], 4);
      expect((await limiters.one.take([charge])).refusal).not.toBeNull();
      await limiters.pass(charge.key, 1_000);
      expect((await limiters.other.take([{ ...charge, perMinute: 600 }])).refusal).toBeNull();
      expect((await limiters.one.take([charge])).refusal).not.toBeNull();
    });
  });
}
