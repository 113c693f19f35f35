import fc from 'fast-check';
import { frozenAt, frozenWithin } from './freeze-times.js';
import type { FreezeTimes } from './freeze.js';

const HOUR_MS = 3_600_000;
const from = Date.UTC(2026, 0, 1);
const moment = fc.integer({ min: from, max: from + 3 * 366 * 24 * HOUR_MS });

const once = fc
  .tuple(moment, fc.integer({ min: 1, max: 24 * 92 }))
  .map(([at, hours]): FreezeTimes => ({
    kind: 'once',
    startsAt: new Date(at),
    endsAt: new Date(at + hours * HOUR_MS),
    rule: null,
    localStart: null,
    duration: null,
    timeZone: null,
  }));

const recurring = fc
  .record({
    rule: fc.constantFrom(
      'FREQ=DAILY;INTERVAL=3',
      'FREQ=WEEKLY;BYDAY=FR',
      'FREQ=WEEKLY;BYDAY=SA,SU',
      'FREQ=MONTHLY;BYDAY=2TU',
      'FREQ=MONTHLY;BYMONTHDAY=-1,1',
      'FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU',
    ),
    localStart: fc.constantFrom(
      '2025-12-01T02:30:00',
      '2025-12-01T00:00:00',
      '2025-12-01T18:45:00',
    ),
    duration: fc.constantFrom('PT30M', 'PT26H', 'P1D', 'P3DT1H', 'P2W'),
    timeZone: fc.constantFrom('Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'UTC'),
  })
  .map((given): FreezeTimes => ({
    ...given,
    kind: 'recurring',
    startsAt: new Date(0),
    endsAt: null,
  }));

describe('a freeze', () => {
  it('is on from its window’s beginning to the end that is told, at every moment of it, and not then', () => {
    fc.assert(
      fc.property(
        fc.oneof(once, recurring),
        moment,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (freeze, at, share) => {
          const window = frozenAt(freeze, at);
          // Windows that touch for ever are told for a year.
          if (!window || window.to - at > 300 * 24 * HOUR_MS) return;
          expect(window.from).toBeLessThanOrEqual(at);
          expect(window.to).toBeGreaterThan(at);
          const between = at + Math.floor((window.to - at) * share * 0.999);
          expect(frozenAt(freeze, between)?.to).toBe(window.to);
          // Whoever looks at the moment that was told finds it open.
          expect(frozenAt(freeze, window.to)).toBeNull();
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is told by the calendar exactly where it is on', () => {
    fc.assert(
      fc.property(fc.oneof(once, recurring), moment, (freeze, at) => {
        const told = frozenWithin(freeze, at, at).some(
          (window) => window.from <= at && at < window.to,
        );
        expect(told).toBe(frozenAt(freeze, at) !== null);
      }),
      { numRuns: 150 },
    );
  });
});
