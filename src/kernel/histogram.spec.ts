import fc from 'fast-check';
import {
  bucketIndex,
  bucketLowerMicros,
  bucketUpperMicros,
  fromSparse,
  HISTOGRAM_BUCKETS,
  toSparse,
} from './histogram.js';

const LAST = HISTOGRAM_BUCKETS - 1;

describe('the latency histogram', () => {
  it('puts every latency between the edges of its bucket', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (micros) => {
        const index = bucketIndex(micros);
        expect(bucketLowerMicros(index)).toBeLessThanOrEqual(micros);
        expect(micros).toBeLessThan(bucketUpperMicros(index));
      }),
    );
  });

  it('has no gap and no overlap between buckets, and none is wider than an eighth', () => {
    for (let index = 0; index < LAST; index += 1) {
      expect(bucketUpperMicros(index)).toBe(bucketLowerMicros(index + 1));
      if (index < 8) continue;
      const width = bucketUpperMicros(index) - bucketLowerMicros(index);
      expect(width / bucketLowerMicros(index)).toBeLessThanOrEqual(0.125);
    }
  });

  it('takes what is below zero as zero and what is too long into the last bucket', () => {
    expect(bucketIndex(-5)).toBe(0);
    expect(bucketIndex(0x1000000)).toBe(LAST);
    expect(bucketIndex(Number.MAX_SAFE_INTEGER)).toBe(LAST);
    expect(bucketUpperMicros(LAST)).toBe(2 ** 24);
  });

  it('comes back from its sparse form', () => {
    const counts = fc.array(fc.nat(1000), {
      minLength: HISTOGRAM_BUCKETS,
      maxLength: HISTOGRAM_BUCKETS,
    });
    fc.assert(
      fc.property(counts, (dense) => {
        expect([...fromSparse(toSparse(dense))]).toEqual(dense);
      }),
      { numRuns: 20 },
    );
  });

  it('ignores buckets that do not exist and adds those named twice', () => {
    const dense = fromSparse([
      ...([[-1, 5], [HISTOGRAM_BUCKETS, 5]] as const), // prettier-ignore
      ...([[3, 1], [3, 2]] as const), // prettier-ignore
    ]);
    expect(toSparse(dense)).toEqual([[3, 3]]);
  });
});
