import { shareReached } from './warning.js';

it.each([
  [0, 10, 0],
  [7, 10, 0],
  [8, 10, 80],
  [9, 10, 90],
  [10, 10, 100],
  [14, 10, 100],
  [1, 1, 100],
  [0, 0, 0],
  [1, 0, 100],
  [85_899_345_919, 107_374_182_400, 0],
  [85_899_345_920, 107_374_182_400, 80],
])('%i of %i reaches %i per cent', (used, max, share) => {
  expect(shareReached(used, max)).toBe(share);
});
