import { jest } from '@jest/globals';
import { FakeRunStore } from '../../test/support/fake-run-store.js';
import { onePlan } from '../../test/support/fake-run-store-bench.js';
import { ACTION_BUDGET_MS, LEASE_MS, LeaseKeeper } from './lease-keeper.js';
import type { Lease } from './run.js';

const TICK_MS = 50;
const log = { info: () => undefined, warn: jest.fn(), error: () => undefined };

let store: FakeRunStore;
let keeper: LeaseKeeper;

beforeEach(() => {
  jest.useFakeTimers();
  log.warn.mockClear();
  store = new FakeRunStore();
  keeper = new LeaseKeeper(store, 'worker', store.clock, log);
  keeper.start();
});
afterEach(() => {
  keeper.stop();
  jest.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += TICK_MS) {
    store.clock.advance(TICK_MS);
    await jest.advanceTimersByTimeAsync(TICK_MS);
  }
}

async function leased(owner = 'worker'): Promise<{ lease: Lease; signal: AbortSignal }> {
  const askedAt = store.clock.monotonic();
  const lease = (await store.lease(store.add(onePlan), owner, LEASE_MS))!;
  return { lease, signal: keeper.hold(lease, askedAt) };
}

const why = (signal: AbortSignal) => (signal.reason as Error | undefined)?.message;

/** The database does not answer any more. */
function cut(): void {
  store.renew = () => Promise.reject(new Error('no database'));
}

describe('the keeper of leases', () => {
  it('renews what is held, so that a long action keeps its run', async () => {
    const { lease, signal } = await leased();
    await pass(3 * LEASE_MS);
    expect(signal.aborted).toBe(false);
    expect(store.run(lease.key).leaseUntil).toBeGreaterThan(store.clock.now());
    expect(await store.lease(lease.key, 'other', LEASE_MS)).toBeNull();
  });

  it('renews all leases in one statement, and none when it holds none', async () => {
    const renew = jest.spyOn(store, 'renew');
    await pass(2_500);
    expect(renew).not.toHaveBeenCalled();
    await leased();
    await leased();
    await pass(1_250);
    expect(renew).toHaveBeenCalledTimes(1);
    expect(renew.mock.calls[0]![1]).toHaveLength(2);
  });

  it('stops an action whose lease somebody else has', async () => {
    const { lease, signal } = await leased();
    store.run(lease.key).fence += 1;
    await pass(1_300);
    expect(why(signal)).toBe('the lease was lost');
  });

  it('stops an action by its own clock when renewals fail, before anybody else may begin', async () => {
    const { lease, signal } = await leased();
    cut();
    const { leaseUntil } = store.run(lease.key);
    while (!signal.aborted && store.clock.now() < leaseUntil! + LEASE_MS) await pass(TICK_MS);
    expect(why(signal)).toBe('the lease ran out');
    expect(log.warn).toHaveBeenCalled();
    // The next look of the keeper comes at most one interval after the end.
    expect(store.clock.now() - leaseUntil!).toBeLessThanOrEqual(1_250);
  });

  it('counts from before the lease was asked for, not from the answer', async () => {
    const askedAt = store.clock.monotonic();
    const lease = (await store.lease(store.add(onePlan), 'worker', LEASE_MS))!;
    cut();
    await pass(LEASE_MS - TICK_MS);
    const signal = keeper.hold(lease, askedAt);
    await pass(1_250);
    expect(why(signal)).toBe('the lease ran out');
  });

  it('knows after a long stop of the process that its leases are gone', async () => {
    const { lease, signal } = await leased();
    store.clock.advance(60_000);
    expect(await store.lease(lease.key, 'other', LEASE_MS)).not.toBeNull();
    await jest.advanceTimersByTimeAsync(1_250);
    expect(why(signal)).toBe('the lease ran out');
  });

  it('goes on when renewals work again in time', async () => {
    const { signal } = await leased();
    const renew = store.renew.bind(store);
    cut();
    await pass(2_600);
    store.renew = renew;
    await pass(3 * LEASE_MS);
    expect(signal.aborted).toBe(false);
  });

  it('asks soon again for a lease whose row a transaction had locked, and for that one alone', async () => {
    const { lease, signal } = await leased();
    await leased();
    const renew = store.renew.bind(store);
    const asked: number[] = [];
    let lockedUntil = store.clock.now() + 3_000;
    store.renew = async (owner, leases, leaseMs) => {
      asked.push(leases.length);
      const isLocked = store.clock.now() < lockedUntil;
      const free = leases.filter((each) => !isLocked || each.key.id !== lease.key.id);
      const told = await renew(owner, free, leaseMs);
      return free.length === leases.length ? told : { ...told, busy: new Set([lease.key.id]) };
    };
    await pass(1_250 + 250);
    expect(asked).toEqual([2, 1, 1]);
    await pass(LEASE_MS);
    expect(signal.aborted).toBe(false);
    lockedUntil = Infinity;
    await pass(LEASE_MS + 1_250);
    expect(why(signal)).toBe('the lease ran out');
  });

  it('renews all in time while one that is busy is asked for again and again', async () => {
    const { lease } = await leased();
    const { signal } = await leased();
    const renew = store.renew.bind(store);
    store.renew = async (owner, leases, leaseMs) => {
      const free = leases.filter((each) => each.key.id !== lease.key.id);
      const told = await renew(owner, free, leaseMs);
      // So slow that the next time for all comes while it is asked for again.
      await new Promise((resolve) => setTimeout(resolve, 1_300));
      return { ...told, busy: new Set([lease.key.id]) };
    };
    await pass(4 * LEASE_MS);
    expect(signal.aborted).toBe(false);
  });

  it('does not ask again while an answer is still open', async () => {
    await leased();
    const renew = jest.spyOn(store, 'renew').mockReturnValue(new Promise(() => undefined));
    await pass(3_000);
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it('ends an action that takes too long, however well its lease is', async () => {
    const { signal } = await leased();
    await pass(ACTION_BUDGET_MS - 1_250);
    expect(signal.aborted).toBe(false);
    await pass(2_500);
    expect(why(signal)).toBe('the action took too long');
  });

  it('forgets what was given back', async () => {
    const { lease, signal } = await leased();
    expect([keeper.has(lease.key.id), keeper.count]).toEqual([true, 1]);
    keeper.drop(lease);
    expect([keeper.has(lease.key.id), keeper.count]).toEqual([false, 0]);
    await pass(2 * LEASE_MS);
    expect(signal.aborted).toBe(false);
  });

  it('keeps a lease that was taken anew when an old action on the same run ends', async () => {
    const { lease: old, signal: oldSignal } = await leased();
    store.clock.advance(60_000);
    const askedAt = store.clock.monotonic();
    const lease = (await store.lease(old.key, 'worker', LEASE_MS))!;
    const signal = keeper.hold(lease, askedAt);
    // Nobody would look after the old one any more.
    expect(oldSignal.aborted).toBe(true);
    keeper.drop(old);
    expect(keeper.has(lease.key.id)).toBe(true);
    await pass(2 * LEASE_MS);
    expect(signal.aborted).toBe(false);
    expect(store.run(lease.key).leaseUntil).toBeGreaterThan(store.clock.now());
  });

  it('lets an action that asked for it take longer, and no longer than that', async () => {
    const { lease, signal } = await leased();
    await pass(ACTION_BUDGET_MS - 2_000);
    keeper.extend(lease, 2 * ACTION_BUDGET_MS);
    await pass(2 * ACTION_BUDGET_MS - 2_000);
    expect(signal.aborted).toBe(false);
    await pass(4_000);
    expect(why(signal)).toBe('the action took too long');
  });

  it('ends a long action all the same when its lease cannot be renewed', async () => {
    const { lease, signal } = await leased();
    keeper.extend(lease, 10 * ACTION_BUDGET_MS);
    cut();
    await pass(LEASE_MS + 1_300);
    expect(why(signal)).toBe('the lease ran out');
  });

  it('extends nothing for who has lost the run', async () => {
    const { lease, signal } = await leased();
    keeper.extend({ ...lease, fence: lease.fence - 1 }, 10 * ACTION_BUDGET_MS);
    await pass(ACTION_BUDGET_MS + 1_300);
    expect(why(signal)).toBe('the action took too long');
  });
});
