import { ManualClock } from '../../kernel/clock.js';
import { VirtualTimers } from '../../../test/support/virtual-timers.js';
import type { InstanceRecord } from '../journal/journal.js';
import { manifestSchema } from '../protocol/manifest.js';
import { InstanceProbe, type ProbeTools } from './instance-probe.js';
import { Rounds } from './rounds.js';

/** When 1 s was the pace of all: two more after the first one that may just have missed it. */
const FOUND_MS = 3000;
const TIMEOUT_MS = 1000;
const OLD_MS = 61_000;

let probe: Bench | undefined;
afterEach(() => probe?.stop());

/** One instance in virtual time, under the rounds of a node. */
class Bench {
  readonly clock = new ManualClock(0);
  readonly timers = new VirtualTimers(this.clock);
  readonly rounds = new Rounds(this.clock, this.timers.wait);
  readonly asks: { at: number; isKept: boolean }[] = [];
  readonly verdicts: { at: number; problem: string | null }[] = [];
  is: 'well' | 'sick' | 'hung' = 'well';
  failures = 0;

  constructor(
    intervalMs = 500,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    const manifest = manifestSchema.parse({
      schema: 1,
      run: { command: 'x' },
      traffic: { protocol: 'http', port: 1 },
      health: { intervalMs },
    });
    const ask = (_asked: unknown, _manifest: unknown, isKept: boolean) => this.answer(isKept);
    const tools = {
      clock: this.clock,
      connections: { probe: ask },
      routing: { failures: () => this.failures },
    } as unknown as ProbeTools;
    const record = { instance: 'i', port: 1 } as InstanceRecord;
    this.rounds.add(
      new InstanceProbe(tools, record, manifest, (problem) =>
        this.verdicts.push({ at: this.clock.monotonic(), problem }),
      ),
    );
  }

  /** How long after `from` it was first called unhealthy. */
  foundAfter(from: number): number {
    return (this.verdicts[0]?.at ?? Infinity) - from;
  }

  stop(): void {
    this.rounds.stop();
  }

  private answer(isKept: boolean): Promise<string | null> {
    this.asks.push({ at: this.clock.monotonic(), isKept });
    if (this.is === 'well') return Promise.resolve(null);
    if (this.is === 'sick') return Promise.resolve('answered 503');
    return new Promise((resolve) => {
      this.timers.wait(this.timeoutMs, () => resolve('did not answer'));
    });
  }
}

describe('a probe of what has been well for a while', () => {
  it('asks once in two seconds over the connection that it keeps, and as its manifest says when that is rarer', async () => {
    for (const [intervalMs, count] of [
      [50, 10],
      [500, 10],
      [1000, 20],
      [5000, 4],
    ] as const) {
      probe = new Bench(intervalMs);
      await probe.timers.runSettled(OLD_MS + 9_000);
      const before = probe.asks.length;
      await probe.timers.runSettled(20_000);
      const asks = probe.asks.slice(before);
      expect([intervalMs, asks.length]).toEqual([intervalMs, count]);
      expect(asks.every(({ isKept }) => isKept)).toBe(true);
      probe.stop();
    }
  });

  it.each([
    ['sick', 0],
    ['hung', TIMEOUT_MS],
  ] as const)('finds one that is %s no later than at one pace all the time', async (is, moreMs) => {
    const found: number[] = [];
    for (let offset = 0; offset < 2000; offset += 50) {
      probe = new Bench();
      await probe.timers.runSettled(OLD_MS + offset);
      probe.is = is;
      const from = probe.clock.monotonic();
      await probe.timers.runSettled(10_000);
      found.push(probe.foundAfter(from) - moreMs);
      probe.stop();
    }
    expect(Math.max(...found)).toBeLessThanOrEqual(FOUND_MS);
    // And no hiccup is called that.
    expect(Math.min(...found)).toBeGreaterThanOrEqual(1000);
  });

  it('asks over new connections from the first sign of trouble until it is well', async () => {
    probe = new Bench();
    await probe.timers.runSettled(OLD_MS);
    probe.is = 'sick';
    await probe.timers.runSettled(5000);
    const first = probe.asks.findIndex(({ at }) => at >= OLD_MS);
    expect(probe.asks.slice(first + 1).map(({ isKept }) => isKept)).not.toContain(true);
    expect(probe.verdicts.at(-1)?.problem).toBe('answered 503');
    probe.is = 'well';
    await probe.timers.runSettled(5000);
    expect(probe.verdicts.at(-1)?.problem).toBeNull();
    expect(probe.asks.at(-1)?.isKept).toBe(true);
  });

  it('asks at once, over a new connection, when requests of clients fail', async () => {
    probe = new Bench();
    // Asked a moment ago: without that not again for two seconds.
    await probe.timers.runSettled(OLD_MS);
    while (probe.asks.at(-1)!.at !== probe.clock.monotonic()) await probe.timers.runSettled(250);
    const before = probe.asks.length;
    await probe.timers.runSettled(250);
    probe.failures += 1;
    await probe.timers.runSettled(1000);
    expect(probe.asks.slice(before).map(({ isKept }) => isKept)).toEqual([false]);
  });

  it('makes nothing of a clock that has jumped', async () => {
    probe = new Bench();
    await probe.timers.runSettled(OLD_MS);
    const before = probe.asks.length;
    probe.clock.advance(3_600_000);
    await probe.timers.runSettled(1000);
    expect(probe.asks.length - before).toBe(1);
    expect(probe.verdicts).toEqual([]);
  });

  it('does not pile questions up before one that hangs', async () => {
    probe = new Bench(500, 60_000);
    await probe.timers.runSettled(OLD_MS);
    probe.is = 'hung';
    const before = probe.asks.length;
    await probe.timers.runSettled(30_000);
    expect(probe.asks.length - before).toBe(3);
  });
});

it('asks what is young as often as its manifest says', async () => {
  probe = new Bench();
  await probe.timers.runSettled(30_000);
  expect(probe.asks.length).toBeGreaterThanOrEqual(58);
  expect(probe.asks.length).toBeLessThanOrEqual(61);
});
