import { daysOfMonth, endOfMonth, monthOf, startOfMonth } from './month.js';

describe('a month', () => {
  it('is that of UTC, whatever the clock of the machine says', () => {
    expect(monthOf(Date.parse('2026-12-01T01:30:00+02:00'))).toBe('2026-11');
    expect(monthOf(Date.parse('2026-11-30T23:30:00-02:00'))).toBe('2026-12');
  });

  it('begins and ends with a whole day, over the year as well', () => {
    expect(startOfMonth('2026-12').toISOString()).toBe('2026-12-01T00:00:00.000Z');
    expect(endOfMonth('2026-12').toISOString()).toBe('2027-01-01T00:00:00.000Z');
    expect(endOfMonth('2028-02').toISOString()).toBe('2028-03-01T00:00:00.000Z');
  });

  it('has days', () => {
    expect(daysOfMonth('2028-02')).toEqual({ from: '2028-02-01', to: '2028-02-29' });
  });
});
