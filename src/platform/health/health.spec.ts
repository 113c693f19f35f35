import { ManualClock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { Logger } from '../logging/logger.js';
import { eventually } from '../../../test/support/eventually.js';
import { Health } from './health.js';

function blockFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

let clock: ManualClock;
let health: Health;
beforeEach(() => {
  clock = new ManualClock();
  health = new Health(clock, Logger.silent());
});

describe('health', () => {
  it('asks a dependency at most once a second, however often it is probed', async () => {
    let asked = 0;
    health.register({ name: 'database', check: async () => void (asked += 1) });
    for (let probe = 0; probe < 20; probe += 1) expect(await health.isReady()).toBe(true);
    expect(asked).toBe(1);
    clock.advance(1_001);
    await health.isReady();
    expect(asked).toBe(2);
  });

  it('goes by the last result while a new one is on its way, and believes it for a while only', async () => {
    let hang = false;
    const check = () => (hang ? new Promise<void>(() => undefined) : Promise.resolve());
    health.register({ name: 'database', check });
    expect(await health.isReady()).toBe(true);
    hang = true;
    clock.advance(5_000);
    expect(await health.isReady()).toBe(true);
    clock.advance(6_000);
    expect(await health.isReady()).toBe(false);
  });

  it('does not take its own lateness for that of a dependency', async () => {
    const turns = async (count: number) => {
      for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
    };
    // An answer that is there after a few turns of the event loop, however long they take.
    health.register({ name: 'database', check: () => turns(5) });
    const ready = health.isReady();
    blockFor(3_200);
    expect(await ready).toBe(true);
    expect((await health.detail()).checks).toMatchObject([{ status: 'ok' }]);
  });

  it('looks by itself when it is to, and then no result is too old for a probe', async () => {
    let asked = 0;
    let hang = false;
    const check = () => {
      asked += 1;
      return hang ? new Promise<void>(() => undefined) : Promise.resolve();
    };
    health.register({ name: 'database', check });
    health.startWatching();
    expect(await health.isReady()).toBe(true);
    clock.advance(2_000);
    await eventually(() => expect(asked).toBeGreaterThanOrEqual(2));
    hang = true;
    clock.advance(60_000);
    expect(await health.isReady()).toBe(true);
    // … and what does not answer at all is found out all the same.
    await eventually(async () => expect(await health.isReady()).toBe(false));
    health.beginShutdown();
  }, 40_000);

  it('is ready without what is not critical, and shows it all the same', async () => {
    health.register({
      name: 'redis',
      isCritical: false,
      check: () => Promise.reject(new Error('connect ECONNREFUSED redis://:hunter2@redis')),
    });
    health.register({
      name: 'disk',
      isCritical: false,
      check: () => Promise.reject(new DomainError('unavailable', 'disk-full', 'The disk is full.')),
    });
    const { status, checks } = await health.detail();
    expect(status).toBe('ready');
    expect(checks).toMatchObject([
      { name: 'redis', status: 'failed', message: 'failed: see the log' },
      { name: 'disk', status: 'failed', message: 'The disk is full.' },
    ]);
  });

  it('recovers, and ends with the shutdown', async () => {
    let isWell = false;
    const check = () => (isWell ? Promise.resolve() : Promise.reject(new Error('away')));
    health.register({ name: 'database', check });
    expect(await health.isReady()).toBe(false);
    isWell = true;
    clock.advance(2_000);
    expect(await health.isReady()).toBe(true);
    health.beginShutdown();
    expect(await health.isReady()).toBe(false);
  });

  it('refuses two checks of one name', () => {
    const check = async () => undefined;
    health.register({ name: 'database', check });
    expect(() => health.register({ name: 'database', check })).toThrow('duplicate health check');
  });
});
