import { ManualClock } from '../../kernel/clock.js';
import { Backoff } from './backoff.js';
import { ServerClock } from './server-clock.js';

const dateOf = (ms: number) => new Date(ms).toUTCString();

it('follows the server when the own clock is wrong, and says that it moved', () => {
  const clock = new ManualClock();
  const server = new ServerClock(clock);
  const ahead = clock.now() + 600_000;
  expect(server.learn(dateOf(ahead), clock.now())).toBe(true);
  expect(Math.abs(server.now() - ahead)).toBeLessThanOrEqual(1000);
  expect(server.learn(dateOf(ahead), clock.now())).toBe(false);
  expect(server.learn(dateOf(clock.now()), clock.now())).toBe(true);
  expect(server.now()).toBe(clock.now());
});

it('ignores what is no date and differences below what the header can show', () => {
  const clock = new ManualClock();
  const server = new ServerClock(clock);
  for (const header of [undefined, '', 'soon', dateOf(clock.now() + 900)]) {
    expect(server.learn(header, clock.now())).toBe(false);
  }
  expect(server.now()).toBe(clock.now());
});

it('backs off to a limit, with jitter, and starts over', () => {
  const least = new Backoff(100, 1000, () => 0);
  expect([1, 2, 3, 4, 5, 6].map(() => least.nextMs())).toEqual([50, 100, 200, 400, 500, 500]);
  const most = new Backoff(100, 1000, () => 1);
  expect([most.nextMs(), most.nextMs()]).toEqual([100, 200]);
  most.reset();
  expect(most.nextMs()).toBe(100);
});
