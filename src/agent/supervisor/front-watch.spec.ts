import { ManualClock } from '../../kernel/clock.js';
import { release, RoutingBench } from '../../../test/support/routing-bench.js';
import { FrontWatch } from './front-watch.js';

let bench: RoutingBench;
let clock: ManualClock;
let watch: FrontWatch;
let changes: number;
beforeEach(async () => {
  bench = new RoutingBench();
  clock = new ManualClock();
  changes = 0;
  const { routing, log } = bench;
  const portHolder = { nameOf: () => 'module "other"' };
  watch = new FrontWatch({ routing, portHolder, log, clock, onChange: () => (changes += 1) });
  bench.serve('m', [release('a', 100)]);
  bench.serve('n', [release('b', 100, 81)]);
  await lookFor(2);
});
afterEach(() => bench.end());

/** As often as the watch looks by itself. */
async function lookFor(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1000);
    await watch.look();
  }
}

it('puts the table in force and leaves a front alone that has it', async () => {
  await lookFor(5);
  expect(bench.front.applied).toBe(1);
  expect(watch.trouble('m')).toBeNull();
  expect(changes).toBe(0);
});

it.each([
  ['none', 0],
  ['an older one', 1],
])('gives the table to a front that came back with %s', async (_what, version) => {
  await bench.routing.apply();
  bench.front.comeBackWith(version);
  await watch.look();
  expect(bench.front.version).toBe(3);
  expect(watch.trouble('m')).toBeNull();
});

it('looks and mends once for all who ask at the same time', async () => {
  bench.front.comeBackWith(0);
  await Promise.all([watch.look(), watch.look(), watch.look()]);
  expect(bench.front.applied).toBe(2);
});

it('tells a table that did not arrive when it was put in force', async () => {
  bench.front.awayFor = 6;
  await expect(bench.routing.apply()).rejects.toThrow('away');
  expect(bench.front.applied).toBe(1);
  await watch.look();
  expect(bench.front.applied).toBe(2);
});

it('opens a port that became free, and says so of its module only until then', async () => {
  bench.front.takenPorts.add(1080);
  bench.front.comeBackWith(1);
  await watch.look();
  expect(watch.trouble('m')).toMatchObject({
    state: 'converging',
    reason: { code: 'port-in-use', message: expect.stringContaining('1080') as string },
  });
  expect(watch.trouble('n')).toBeNull();
  expect(changes).toBe(1);
  await lookFor(5);
  expect(watch.trouble('m')?.state).toBe('failed');
  expect(changes).toBe(2);
  bench.front.takenPorts.clear();
  await lookFor(10);
  expect(watch.trouble('m')).toBeNull();
  expect(changes).toBe(3);
  // The same table all along: the front has nothing new to write down.
  expect(bench.front.tables).toHaveLength(1);
});

it('tries ever more slowly while a port stays taken', async () => {
  bench.front.takenPorts.add(1080);
  bench.front.comeBackWith(1);
  await watch.look();
  const { applied } = bench.front;
  await lookFor(120);
  const tries = bench.front.applied - applied;
  expect(tries).toBeGreaterThanOrEqual(12);
  expect(tries).toBeLessThanOrEqual(28);
});

it('mends what is newly wrong at once, though something else waits', async () => {
  bench.front.takenPorts.add(1080);
  bench.front.comeBackWith(1);
  await lookFor(30);
  bench.front.comeBackWith(0);
  await watch.look();
  expect(bench.front.version).toBe(2);
  expect(watch.trouble('n')).toBeNull();
});

it('says that the front is away, of all that it should serve', async () => {
  bench.front.awayFor = 1000;
  await watch.look();
  expect(watch.trouble('m')?.reason.code).toBe('front-unreachable');
  expect(watch.trouble('n')?.reason.code).toBe('front-unreachable');
  expect(watch.trouble('worker')).toBeNull();
  bench.front.awayFor = 0;
  await lookFor(2);
  expect(watch.trouble('m')).toBeNull();
}, 20_000);
