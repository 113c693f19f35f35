import { named } from './named.js';

const nodes = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `n${at + 1}` }));

describe('nodes by name', () => {
  it.each([
    [1, 'n1'],
    [5, 'n1, n2, n3, n4, n5'],
    [500, 'n1, n2, n3, n4, n5 and 495 more'],
  ])('%i of them', (count, text) => expect(named(nodes(count))).toBe(text));
});
