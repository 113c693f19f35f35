import { bucketIndex, emptyBuckets, HISTOGRAM_BUCKETS } from '../../../kernel/histogram.js';
import { packHistogram, unpackHistogram } from './packed-histogram.js';
import { quantileMs, slowerThan } from './quantiles.js';

/** Latencies spread evenly on a logarithmic scale from 1 ms to 1 s. */
function spread(): number[] {
  const counts = emptyBuckets();
  for (let step = 0; step < 30_000; step += 1) {
    counts[bucketIndex(1000 * 1000 ** (step / 30_000))]! += 1;
  }
  return counts;
}

describe('quantiles', () => {
  it('are within two percent on a smooth shape', () => {
    for (const quantile of [0.1, 0.5, 0.95, 0.99]) {
      expect(quantileMs(spread(), quantile) / 1000 ** quantile).toBeCloseTo(1, 1);
      expect(Math.abs(quantileMs(spread(), quantile) / 1000 ** quantile - 1)).toBeLessThan(0.02);
    }
  });

  it('and the count of slower requests agree with each other', () => {
    const p95 = quantileMs(spread(), 0.95);
    expect(slowerThan(spread(), p95) / 30_000).toBeCloseTo(0.05, 6);
  });

  it('of nothing are NaN, never zero', () => {
    expect(quantileMs(emptyBuckets(), 0.95)).toBeNaN();
    expect(slowerThan(emptyBuckets(), 10)).toBe(0);
  });

  it('handle the first and the last bucket', () => {
    const counts = emptyBuckets();
    counts[0] = 100;
    expect(quantileMs(counts, 0.5)).toBeCloseTo(0.0005);
    expect(slowerThan(counts, 0)).toBe(100);
    counts[HISTOGRAM_BUCKETS - 1] = 900;
    expect(quantileMs(counts, 1)).toBeCloseTo(16_777.216);
  });
});

describe('a packed histogram', () => {
  it('comes back as it was, to a hundredth of a request', () => {
    const counts = spread().map((count, index) => (index % 3 === 0 ? count / 7 : count));
    const back = unpackHistogram(packHistogram(counts));
    counts.forEach((count, index) => expect(back[index]).toBeCloseTo(count, 1.9));
    expect(packHistogram(back)).toBe(packHistogram(counts));
    expect(unpackHistogram('')).toEqual(emptyBuckets());
  });
});
