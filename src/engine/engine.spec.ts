import { jest } from '@jest/globals';
import { EngineBench } from '../../test/support/engine-bench.js';
import { planOf } from '../../test/support/engine-rig.js';
import { DomainError } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { LEASE_MS } from './lease-keeper.js';

let bench: EngineBench;
beforeEach(() => {
  jest.useFakeTimers();
  bench = new EngineBench();
});
afterEach(async () => {
  await bench.stop();
  jest.useRealTimers();
});

/** Holds a run's first step until it is let go. */
function held(): { letGo: () => void } {
  let letGo: () => void = () => undefined;
  const standing = new Promise<void>((resolve) => (letGo = resolve));
  const commit = bench.store.commit.bind(bench.store);
  let isFirst = true;
  bench.store.commit = async (lease, options, work) => {
    if (isFirst) {
      isFirst = false;
      await standing;
    }
    return commit(lease, options, work);
  };
  return { letGo };
}

describe('the engine', () => {
  it('takes what is due and brings it to its end', async () => {
    const keys = [bench.store.add(planOf()), bench.store.add(planOf())];
    bench.engine.start();
    await bench.pass(500);
    expect(keys.map((key) => bench.status(key))).toEqual(['Succeeded', 'Succeeded']);
    expect(bench.leases.count).toBe(0);
  });

  it('looks at a run at once when it is told to, and not twice', async () => {
    const key = bench.store.add(planOf());
    const lease = jest.spyOn(bench.store, 'lease');
    await Promise.all([bench.engine.look(key), bench.engine.look(key)]);
    expect(bench.status(key)).toBe('Succeeded');
    expect(lease).toHaveBeenCalledTimes(2);
    expect(bench.log.error).not.toHaveBeenCalled();
  });

  it('takes it for normal that somebody else holds a run', async () => {
    const key = bench.store.add(planOf());
    await bench.store.lease(key, 'other', LEASE_MS);
    await bench.engine.look(key);
    expect(bench.status(key)).toBe('Pending');
    expect(bench.log.warn).not.toHaveBeenCalled();
  });

  it('counts a fenced write and does not call it an error', async () => {
    const key = bench.store.add(planOf());
    const { letGo } = held();
    const looking = bench.engine.look(key);
    await jest.advanceTimersByTimeAsync(0);
    bench.store.clock.advance(LEASE_MS + 1);
    await bench.store.lease(key, 'other', LEASE_MS);
    letGo();
    await looking;
    expect(bench.metrics.fenced).toHaveBeenCalledTimes(1);
    expect(bench.log.error).not.toHaveBeenCalled();
    expect(bench.store.run(key).entries).toHaveLength(2);
  });

  it('gives a run back after an error of ours, and tries it again a second later', async () => {
    const key = bench.store.add(planOf());
    const load = bench.store.load.bind(bench.store);
    bench.store.load = () => Promise.reject(new Error('our mistake'));
    bench.engine.start();
    await bench.pass(100);
    expect(bench.log.error).toHaveBeenCalledWith(
      expect.objectContaining({ run: key.id, error: 'our mistake' }),
      'an action failed',
    );
    expect(bench.store.run(key)).toMatchObject({ owner: null });
    bench.store.load = load;
    await bench.pass(700);
    expect(bench.status(key)).toBe('Pending');
    await bench.pass(700);
    expect(bench.status(key)).toBe('Succeeded');
  });

  it('looks again when the database was away', async () => {
    const key = bench.store.add(planOf());
    const claimDue = bench.store.claimDue.bind(bench.store);
    bench.store.claimDue = () => Promise.reject(new Error('no database'));
    bench.engine.start();
    await bench.pass(600);
    expect(bench.log.warn).toHaveBeenCalled();
    bench.store.claimDue = claimDue;
    await bench.pass(400);
    expect(bench.status(key)).toBe('Succeeded');
  });

  it('never acts on more than 32 runs at once', async () => {
    const claimDue = jest.spyOn(bench.store, 'claimDue');
    for (let count = 0; count < 40; count += 1) bench.store.add(planOf());
    const commit = bench.store.commit.bind(bench.store);
    let letGo: () => void = () => undefined;
    const standing = new Promise<void>((resolve) => (letGo = resolve));
    bench.store.commit = async (...args) => standing.then(() => commit(...args));
    bench.engine.start();
    await bench.pass(800);
    expect(bench.leases.count).toBe(32);
    expect(claimDue.mock.calls.map(([, , limit]) => limit)).toEqual([32]);
    letGo();
    await bench.pass(600);
    const runs = [...bench.store.runs.values()];
    expect(runs.every(({ status }) => status === 'Succeeded')).toBe(true);
  });

  it("takes the database's being busy for nobody's error", async () => {
    const key = bench.store.add(planOf());
    const load = bench.store.load.bind(bench.store);
    const away = new DomainError('unavailable', 'database-unavailable', 'The database is busy.');
    bench.store.load = () => Promise.reject(away);
    bench.engine.start();
    await bench.pass(limits.runFailures * 6_000);
    expect(bench.log.error).not.toHaveBeenCalled();
    expect(bench.store.run(key)).toMatchObject({
      status: 'Pending',
      failures: 1,
      waitingOn: { kind: 'retry' },
    });
    bench.store.load = load;
    await bench.pass(6_000);
    expect(bench.status(key)).toBe('Succeeded');
  });

  it('asks a poller again at once while its batches are full', async () => {
    const batches = [500, 500, 3];
    const poll = jest.fn(async () => {
      const polled = batches.shift() ?? 0;
      return { polled, more: polled === 500 };
    });
    bench.pollers.push({ name: 'gates', poll });
    bench.engine.start();
    await bench.pass(100);
    expect(poll).toHaveBeenCalledTimes(3);
    expect(bench.metrics.polled.mock.calls).toEqual([
      ['gates', 500],
      ['gates', 500],
      ['gates', 3],
    ]);
  });

  it('polls two batches at the same time while they are full, and one otherwise', async () => {
    let open = 0;
    const atOnce: number[] = [];
    const batches = [500, 500, 500, 3, 0];
    const poll = jest.fn(async () => {
      const polled = batches.shift() ?? 0;
      atOnce.push((open += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      open -= 1;
      return { polled, more: polled === 500 };
    });
    bench.pollers.push({ name: 'gates', poll });
    bench.engine.start();
    await bench.pass(200);
    expect(atOnce).toEqual([1, 1, 2, 1, 2]);
    await bench.pass(300);
    expect(atOnce).toEqual([1, 1, 2, 1, 2, 1]);
  });

  it('acts on what is due while a poller takes its time', async () => {
    bench.pollers.push({ name: 'gates', poll: () => new Promise(() => undefined) });
    const key = bench.store.add(planOf());
    bench.engine.start();
    await bench.pass(500);
    expect(bench.store.run(key).status).toBe('Succeeded');
  });
});

describe('a stopping engine', () => {
  it.each(['the due loop', 'a hint'])('waits for an action that began by %s', async (by) => {
    const key = bench.store.add(planOf());
    const { letGo } = held();
    if (by === 'a hint') void bench.engine.look(key);
    else bench.engine.start();
    await bench.pass(100);
    let isStopped = false;
    const stopping = bench.engine.stop(5_000).then(() => (isStopped = true));
    await bench.pass(500);
    expect(isStopped).toBe(false);
    letGo();
    await bench.pass(100);
    await stopping;
    expect(bench.status(key)).toBe('Succeeded');
  });

  it('does not wait longer than it may', async () => {
    bench.store.add(planOf());
    held();
    bench.engine.start();
    await bench.pass(100);
    let isStopped = false;
    const stopping = bench.engine.stop(1_000).then(() => (isStopped = true));
    await bench.pass(1_100);
    expect(isStopped).toBe(true);
    await stopping;
  });

  it('takes nothing new', async () => {
    bench.engine.start();
    await bench.pass(100);
    const stopping = bench.engine.stop(100);
    await bench.pass(200);
    await stopping;
    const key = bench.store.add(planOf());
    await bench.engine.look(key);
    await bench.pass(600);
    expect(bench.status(key)).toBe('Pending');
  });
});
