import { goodChecks } from './good-checks.js';

describe('how far a gate is', () => {
  const at = { needed: 3, minWaitMs: 120_000 };
  it.each([
    [2, 60_000, '2 of 3 good checks in a row'],
    [14, 45_200, '14 good checks in a row, opens no sooner than after 120 s: 75 s to go'],
    [14, 120_000, '14 good checks in a row'],
  ])('%i checks after %i ms: %s', (good, ageMs, text) => {
    expect(goodChecks({ ...at, good, ageMs })).toBe(text);
  });
});
