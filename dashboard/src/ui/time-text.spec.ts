import { describe, expect, it } from '@jest/globals';
import { exactTime, lastingText, relativeText } from './time-text.ts';

describe('times in words', () => {
  it.each([
    [0, 'now'],
    [-4_000, 'now'],
    [-59_000, '59 s ago'],
    [-60_000, '1 min ago'],
    [-3_600_000, '1 h ago'],
    [-26 * 3_600_000, '1 day ago'],
    [-72 * 3_600_000, '3 days ago'],
    [90_000, 'in 1 min'],
  ])('%i ms are %s', (ms, text) => expect(relativeText(ms)).toBe(text));

  it.each([
    [-5, '0 s'],
    [12_400, '12 s'],
    [270_000, '4:30'],
    [3_909_000, '1:05:09'],
  ])('%i ms last %s', (ms, text) => expect(lastingText(ms)).toBe(text));

  it('are said with their zone', () => {
    expect(exactTime('2026-11-30T17:05:09.000Z', 'UTC')).toBe('30 Nov 2026, 17:05:09 UTC');
  });
});
