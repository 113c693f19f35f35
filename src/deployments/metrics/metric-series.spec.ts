import type { CounterSample } from '../../drivers/metric-sources/agent/counter-samples.queries.js';
import { bucketIndex, bucketLowerMicros } from '../../kernel/histogram.js';
import { metricLimits } from './metric-limits.js';
import { seriesOf } from './metric-series.js';
import { mustBeReadable, windowOf } from './metric-window.js';

const MIB = 1024 * 1024;
const FROM = 1_000_000;
/** Four steps of ten seconds. */
const window = { fromMs: FROM, toMs: FROM + 40_000, stepMs: 10_000, points: 4 };

interface Said extends Partial<CounterSample> {
  /** Seconds after the beginning. */
  readonly at: number;
}

/** The last counters of an instance in the step that `at` lies in. */
function said({ at, ...more }: Said): CounterSample {
  return {
    request: 0,
    nodeId: 'n1',
    instance: 'a',
    releaseId: 'r1',
    bucket: Math.max(0, Math.ceil(at / 10)),
    atMs: FROM + at * 1000,
    requests: 0,
    errors: 0,
    cpuMs: 0,
    memoryBytesMin: 64 * MIB,
    samples: 1,
    histogram: [],
    abandoned: null,
    ...more,
  };
}

const only = (samples: readonly CounterSample[], by?: 'release') => {
  const { series } = seriesOf(samples, ['m'], { window, by });
  expect(series).toHaveLength(1);
  return series[0]!;
};

it('is what counters have grown by, over the time that they took for it', () => {
  const series = only([
    said({ at: 0, requests: 100, errors: 10, cpuMs: 1_000 }),
    // 50 requests, 5 of them errors, in 10 s; half a second of CPU.
    said({ at: 10, requests: 150, errors: 15, cpuMs: 1_500 }),
    // 20 in 8 s.
    said({ at: 18, requests: 170, errors: 15, cpuMs: 1_500, memoryBytesMin: 96 * MIB }),
    // None in 10 s.
    said({ at: 28, requests: 170, errors: 15, cpuMs: 1_500 }),
  ]);
  expect(series).toMatchObject({
    moduleId: 'm',
    releaseId: 'r1',
    nodeId: 'n1',
    requests: 70,
    requestsPerSecond: [5, 2.5, 0, null],
    errorPercent: [10, 0, null, null],
    cpuCores: [0.05, 0, 0, null],
    memoryMiB: [64, 96, 64, null],
    reporting: [1, 1, 1, 0],
  });
});

it('has a gap where nothing was reported, and spreads what came after over all of it', () => {
  const series = only([
    said({ at: 0, requests: 0 }),
    said({ at: 10, requests: 10 }),
    // Silent for one step: 60 requests in 20 s, not in 10.
    said({ at: 30, requests: 70 }),
  ]);
  expect(series.requestsPerSecond).toEqual([1, null, 3, null]);
  expect(series.p95Ms).toEqual([null, null, null, null]);
});

it('knows nothing of a step in which a counter fell although the instance is the same', () => {
  const series = only([
    said({ at: 0, requests: 500 }),
    said({ at: 10, requests: 520 }),
    said({ at: 20, requests: 5 }),
    said({ at: 30, requests: 35 }),
  ]);
  expect(series.requestsPerSecond).toEqual([2, null, 3, null]);
  expect(series.memoryMiB[1]).toBeNull();
});

it('counts a new instance from zero, in the step in which it came', () => {
  const series = only([
    said({ at: 0, requests: 100 }),
    said({ at: 10, requests: 110 }),
    // The old one ends at 14 s, the new one is first heard of at 20 s: 4 in 4 s, and 20 in 10 s.
    said({ at: 14, requests: 114 }),
    said({ at: 20, requests: 20, instance: 'b', memoryBytesMin: 32 * MIB }),
    said({ at: 30, requests: 50, instance: 'b', memoryBytesMin: 32 * MIB }),
  ]);
  expect(series.requestsPerSecond).toEqual([1, 3, 3, null]);
  // The old one did not run any more at the end of the step.
  expect(series.memoryMiB).toEqual([64, 32, 32, null]);
});

it('reads percentiles out of merged buckets', () => {
  const [fast, slow] = [bucketIndex(10_000), bucketIndex(100_000)];
  const { p50Ms, p95Ms, p99Ms } = only([
    said({ at: 0, requests: 0 }),
    said({
      at: 10,
      requests: 100,
      histogram: [
        [fast, 96],
        [slow, 4],
      ],
    }),
  ]);
  // 50 of 96: 52 % into the bucket, geometrically.
  const [lower, upper] = [bucketLowerMicros(fast), bucketLowerMicros(fast + 1)];
  expect(p50Ms[0]).toBeCloseTo((lower * (upper / lower) ** (50 / 96)) / 1000, 2);
  expect(p95Ms[0]).toBeCloseTo((lower * (upper / lower) ** (95 / 96)) / 1000, 2);
  expect(p99Ms[0]).toBeGreaterThan(bucketLowerMicros(slow) / 1000);
  expect(p99Ms[0]).toBeLessThan(bucketLowerMicros(slow + 1) / 1000);
});

it('keeps releases apart on one node', () => {
  const { series } = seriesOf(
    [
      said({ at: 0, requests: 0 }),
      said({ at: 10, requests: 10 }),
      said({ at: 10, requests: 40, instance: 'b', releaseId: 'r2' }),
    ],
    ['m'],
    { window, by: undefined },
  );
  expect(series.map((each) => [each.releaseId, each.requestsPerSecond[0]])).toEqual([
    ['r2', 4],
    ['r1', 1],
  ]);
});

it('sums over nodes when asked to, and says of how many each figure is', () => {
  const series = only(
    ['n1', 'n2', 'n3'].flatMap((nodeId, at) => [
      said({ at: 0, nodeId }),
      said({ at: 10, nodeId, requests: 10, errors: at }),
      ...(nodeId === 'n3' ? [] : [said({ at: 20, nodeId, requests: 30, errors: at })]),
    ]),
    'release',
  );
  expect(series).toMatchObject({
    nodeId: null,
    nodes: 3,
    reporting: [3, 2, 0, 0],
    requestsPerSecond: [3, 4, null, null],
    errorPercent: [10, 0, null, null],
    memoryMiB: [192, 128, null, null],
  });
});

it('sums over nodes by itself where there would be too many lines, and leaves out the idlest', () => {
  const lines = (count: number, of: (at: number) => Partial<CounterSample>) =>
    Array.from({ length: count }, (_, at) => [
      said({ at: 0, ...of(at) }),
      said({ at: 10, requests: 10 + at, ...of(at) }),
    ]).flat();
  const nodes = lines(metricLimits.series + 1, (at) => ({ nodeId: `n${at}` }));
  expect(seriesOf(nodes, ['m'], { window, by: 'node' })).toMatchObject({
    by: 'release',
    series: [{ nodes: metricLimits.series + 1 }],
    leftOut: 0,
  });
  const releases = lines(metricLimits.series + 2, (at) => ({ releaseId: `r${at}` }));
  const found = seriesOf(releases, ['m'], { window, by: undefined });
  expect(found.series).toHaveLength(metricLimits.series);
  expect(found.leftOut).toBe(2);
  expect(found.series.map(({ releaseId }) => releaseId)).not.toContain('r1');
});

describe('the window', () => {
  const now = 10_000_000_000;
  const at = (ms: number) => new Date(ms).toISOString();

  it('is the last 15 minutes in 60 steps, if nobody says otherwise', () => {
    const found = windowOf({}, { now });
    expect(found).toEqual({ fromMs: now - 900_000, toMs: now, stepMs: 15_000, points: 60 });
  });

  it('has no more points than a chart has pixels', () => {
    const found = windowOf({ from: at(now - 3_600_000), stepMs: 1_000 }, { now });
    expect(found.points).toBeLessThanOrEqual(metricLimits.points);
    expect(found).toMatchObject({ stepMs: 8_000, points: 450 });
  });

  it('ends now at the latest, and is refused when it ends before it begins or is too long', () => {
    expect(windowOf({ to: at(now + 60_000) }, { now }).toMs).toBe(now);
    for (const asked of [
      { from: at(now) },
      { from: at(now - 60_000), to: at(now - 120_000) },
      { from: at(now - 25 * 3_600_000) },
    ]) {
      expect(() => windowOf(asked, { now })).toThrow(
        expect.objectContaining({ code: 'metrics-window-unsuitable' }),
      );
    }
  });

  it('is refused where it holds more reports than are read at once, with how long it may be', () => {
    const hour = windowOf({ from: at(now - 3_600_000) }, { now });
    expect(() => mustBeReadable(hour, 200)).not.toThrow();
    expect(() => mustBeReadable(hour, 300)).toThrow(/at most 2500 seconds/);
  });
});
