import { coversGap, hasListened, nextPoll } from './watch.js';

const POLL_MS = 30_000;
const HOUR_MS = 3_600_000;
const at = (readTo: number) => ({ readTo, watchedMs: 60_000, watchedSince: 0 });
const next = (toMs: number) => nextPoll(at(1_000_000), toMs, POLL_MS);

describe('the time that a gate has watched', () => {
  it('grows by the interval of a poll, also when that is a little late', () => {
    expect(next(1_030_000)).toMatchObject({ watchedMs: 90_000, isGap: false, watchedSince: 0 });
    expect(next(1_045_000)).toMatchObject({ watchedMs: 105_000, isGap: false });
  });

  it('does not grow by half an hour in which nobody looked, and begins anew', () => {
    const poll = next(1_000_000 + HOUR_MS / 2);
    expect(poll).toMatchObject({ fromMs: 1_000_000, watchedMs: 120_000, isGap: true });
    expect(poll.watchedSince).toBe(poll.toMs);
  });

  it('does not grow when a clock is set back, and goes on from what it says', () => {
    const poll = next(1_000_000 - HOUR_MS);
    expect(poll).toMatchObject({ watchedMs: 60_000, isGap: true });
    expect([poll.fromMs, poll.toMs]).toEqual([1_000_000 - HOUR_MS, 1_000_000 - HOUR_MS]);
  });

  it('stands still, and is no gap, for the first look that comes too soon', () => {
    const poll = next(999_700);
    expect(poll).toMatchObject({ fromMs: 1_000_000, toMs: 1_000_000, watchedMs: 60_000 });
    expect(poll.isGap).toBe(false);
  });
});

describe('figures', () => {
  const since = (sinceMs: number) =>
    [{ sinceMs, lastSampleAt: HOUR_MS }] as unknown as Parameters<typeof coversGap>[1];

  it('cover a gap when a node speaks after a long silence, though the gate was polled', () => {
    expect(coversGap({ isGap: false }, since(0), POLL_MS)).toBe(true);
    expect(coversGap({ isGap: false }, since(HOUR_MS - POLL_MS), POLL_MS)).toBe(false);
    expect(coversGap({ isGap: true }, [], POLL_MS)).toBe(true);
  });
});

describe('silence', () => {
  const gate = { readTo: 1_000_000, watchedSince: 990_000 };

  it('proves nothing before somebody has listened for as long as makes a node lost', () => {
    expect(hasListened(gate, 1_001_000, POLL_MS)).toBe(false);
    expect(hasListened(gate, 1_015_000, POLL_MS)).toBe(true);
  });

  it('proves nothing when nobody has listened since', () => {
    expect(hasListened({ ...gate, watchedSince: 0 }, 1_000_000 + HOUR_MS, POLL_MS)).toBe(false);
  });
});
