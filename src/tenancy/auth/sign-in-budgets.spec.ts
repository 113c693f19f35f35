import { describe, expect, it } from '@jest/globals';
import {
  afterFailure,
  ATTACKED,
  budgetWaitMs,
  CALM,
  type Count,
  HOST,
  NETWORK,
  UNSEEN,
  waitAfter,
  waitsOf,
} from './sign-in-budgets.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** An attacker who guesses at one account from so many networks, from each as soon as it may. */
class Attacker {
  readonly guesses = [0, 0];
  private readonly places: (Count | undefined)[];
  private unseen: Count | undefined;

  constructor(networks: number) {
    this.places = Array.from({ length: networks }, () => undefined);
  }

  /** Looks every minute, for two days. */
  guess(): this {
    for (let now = 0; now < 2 * DAY_MS; now += MINUTE_MS) {
      for (let index = 0; index < this.places.length; index += 1) {
        while (this.waitMs(this.places[index], now) === 0) {
          this.places[index] = afterFailure(this.places[index], null, now);
          this.unseen = afterFailure(this.unseen, UNSEEN, now);
          this.guesses[now < DAY_MS ? 0 : 1]! += 1;
        }
      }
    }
    return this;
  }

  /** Of somebody who comes now, from a place with these failures. */
  waitMs(place: Count | undefined, now: number): number {
    const counts = { place, unseen: this.unseen, host: undefined, network: undefined };
    return waitsOf(counts, false, now).accountMs;
  }
}

describe('the wait after failures', () => {
  it('is nothing at first, then doubles up to a quarter of an hour', () => {
    expect([1, 5, 6, 7, 8, 9].map((n) => waitAfter(n, CALM))).toEqual([
      0, 0, 1000, 2000, 4000, 8000,
    ]);
    expect(waitAfter(16, CALM)).toBe(15 * MINUTE_MS);
    expect(waitAfter(1_000_000, CALM)).toBe(15 * MINUTE_MS);
  });

  it('is a minute at once, and then four times as long, at an account that is attacked', () => {
    const minutes = [1, 2, 3, 4, 5, 6, 99].map((n) => waitAfter(n, ATTACKED) / MINUTE_MS);
    expect(minutes).toEqual([1, 4, 16, 64, 256, 720, 720]);
  });
});

describe('guessing at one account from many networks', () => {
  it.each([
    [1, [97, 48]],
    [10, [114, 64]],
    [100, [744, 244]],
  ])('from %i gets %j guesses on the first and on the second day', (networks, guesses) => {
    expect(new Attacker(networks).guess().guesses).toEqual(guesses);
  });

  it('costs the owner in a fresh network nothing, and a minute after a mistake', () => {
    const attacker = new Attacker(50).guess();
    const now = 2 * DAY_MS;
    expect(attacker.waitMs(undefined, now)).toBe(0);
    const mistake = afterFailure(undefined, null, now);
    expect(attacker.waitMs(mistake, now)).toBeLessThanOrEqual(MINUTE_MS);
  });

  it('does not bind a known network, whose own failures alone count', () => {
    let unseen: Count | undefined;
    for (let index = 0; index < 1_000; index += 1) unseen = afterFailure(unseen, UNSEEN, 0);
    const counts = { place: undefined, unseen, host: undefined, network: undefined };
    expect(waitsOf({ ...counts, place: afterFailure(undefined, null, 0) }, true, 0).accountMs).toBe(
      0,
    );
    expect(
      waitsOf({ ...counts, place: afterFailure(undefined, null, 0) }, false, 0).accountMs,
    ).toBe(MINUTE_MS);
  });
});

describe('a budget', () => {
  it.each([
    ['of an address', HOST, 100],
    ['of a network', NETWORK, 400],
    ['of the networks never seen', UNSEEN, 50],
  ])('%s lets so many through at once, then one after a time', (_, budget, atOnce) => {
    let count: Count | undefined;
    for (let failures = 0; failures < atOnce; failures += 1) {
      expect(budgetWaitMs(budget, count, 0)).toBe(0);
      count = afterFailure(count, budget, 0);
    }
    expect(budgetWaitMs(budget, count, 0)).toBe(budget.everyMs);
    expect(budgetWaitMs(budget, count, budget.everyMs)).toBe(0);
  });

  it('never owes more than the whole of it', () => {
    let count: Count | undefined;
    for (let failures = 0; failures < 10_000; failures += 1) count = afterFailure(count, HOST, 0);
    expect(budgetWaitMs(HOST, count, 0)).toBe(HOST.everyMs);
  });
});
