import { ManualClock } from '../../kernel/clock.js';
import { VirtualTimers } from '../../../test/support/virtual-timers.js';
import { Rounds } from './rounds.js';

const clock = new ManualClock(0);
let timers: VirtualTimers;
let rounds: Rounds;

/** Remembers when it was looked at, from now on. */
function watched(isCalm = true) {
  const from = clock.monotonic();
  const looks: number[] = [];
  const one = { isCalm, looks, look: () => looks.push(clock.monotonic() - from) };
  rounds.add(one);
  return one;
}

beforeEach(() => {
  timers = new VirtualTimers(clock);
  rounds = new Rounds(clock, timers.wait);
});
afterEach(() => rounds.stop());

it('looks at all that is calm once a second, and wakes up once for all', () => {
  const all = Array.from({ length: 30 }, () => watched());
  timers.run(10_000);
  for (const { looks } of all) expect(looks).toHaveLength(11);
  expect(timers.fired).toBe(10);
});

it('looks four times a second at what is not calm, and not at the others', () => {
  const calm = watched();
  const restless = watched(false);
  timers.run(4000);
  expect(calm.looks).toEqual([0, 1000, 2000, 3000, 4000]);
  expect(restless.looks).toHaveLength(17);
  restless.isCalm = true;
  timers.run(4000);
  expect(restless.looks.length).toBeLessThanOrEqual(22);
});

it('looks soon at what has become restless between two looks', () => {
  const one = watched();
  timers.run(300);
  one.isCalm = false;
  rounds.hurry();
  timers.run(250);
  expect(one.looks).toEqual([0, 550]);
});

it('makes nothing up for the time that the machine slept', () => {
  const one = watched();
  timers.run(2000);
  const before = one.looks.length;
  clock.advance(3_600_000);
  timers.run(1000);
  expect(one.looks.length - before).toBeLessThanOrEqual(2);
  timers.run(3000);
  expect(one.looks.length - before).toBeLessThanOrEqual(5);
});

it('goes on after a look that failed', () => {
  const one = watched();
  let fails = 0;
  rounds.add({
    isCalm: true,
    look: () => {
      if (clock.monotonic() > 0 && (fails += 1) === 2) throw new Error('a fault of ours');
    },
  });
  const run = () => timers.run(5000);
  expect(run).toThrow('a fault of ours');
  run();
  expect(one.looks.length).toBeGreaterThan(5);
});

it('looks at nothing any more when it is stopped, or at what has left', () => {
  const one = watched();
  const other = watched();
  rounds.remove(one);
  timers.run(2000);
  expect(one.looks).toEqual([0]);
  rounds.stop();
  rounds.hurry();
  timers.run(5000);
  expect(other.looks).toEqual([0, 1000, 2000]);
});
