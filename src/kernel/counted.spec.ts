import { counted, countedWith } from './counted.js';

describe('a count in a sentence', () => {
  it.each([
    [1, 'node', '1 node'],
    [0, 'node', '0 nodes'],
    [2, 'kept checkpoint', '2 kept checkpoints'],
    [1, 'entry', '1 entry'],
    [2, 'entry', '2 entries'],
    [3, 'day', '3 days'],
    [2, 'kill switch', '2 kill switches'],
    [2, 'process', '2 processes'],
    [2, 'person', '2 people'],
    [2, 'series', '2 series'],
  ])('of %i %s is %s', (count, noun, text) => expect(counted(count, noun)).toBe(text));

  it('agrees with its verb', () => {
    expect(countedWith(1, 'node', 'runs', 'run')).toBe('1 node runs');
    expect(countedWith(3, 'node', 'runs', 'run')).toBe('3 nodes run');
  });
});
