import { isWithin } from './office-hours.js';

const hours = { days: [1, 2, 3, 4, 5], from: 7, to: 20, timeZone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);

describe('office hours', () => {
  it.each([
    ['2026-11-30T06:00:00Z', true], // Monday, 7:00 in Berlin
    ['2026-11-30T05:59:00Z', false],
    ['2026-11-30T18:59:00Z', true],
    ['2026-11-30T19:00:00Z', false], // 20:00
    ['2026-11-29T12:00:00Z', false], // Sunday
    ['2026-07-06T05:30:00Z', true], // Monday in summer, 7:30
  ])('at %s: %s', (moment, expected) => expect(isWithin(hours, at(moment))).toBe(expected));

  it('go over midnight', () => {
    const nights = { ...hours, from: 22, to: 6, timeZone: 'UTC' };
    expect(isWithin(nights, at('2026-11-30T23:00:00Z'))).toBe(true);
    expect(isWithin(nights, at('2026-11-30T05:00:00Z'))).toBe(true);
    expect(isWithin(nights, at('2026-11-30T12:00:00Z'))).toBe(false);
  });
});
