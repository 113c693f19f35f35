import fc from 'fast-check';
import { groupsReached } from './distinct-groups.js';
import type { People, PersonFacts } from './rule.js';

const inGroups = (groups: readonly string[]): PersonFacts => ({
  roles: [],
  groups,
  isActive: true,
  mayDecide: true,
});

/** Every way to give each person one of their groups, or none: the most different ones of all ways. */
function bruteForce(voices: readonly (readonly string[])[], taken: ReadonlySet<string>): number {
  const [first, ...rest] = voices;
  if (!first) return taken.size;
  const ways = first
    .filter((group) => !taken.has(group))
    .map((group) => new Set([...taken, group]));
  return Math.max(bruteForce(rest, taken), ...ways.map((way) => bruteForce(rest, way)));
}

const names = ['a', 'b', 'c', 'd', 'e'];
const crowd = fc.array(fc.subarray(names), { maxLength: 6 });

describe('distinct groups', () => {
  it('are reached as in the best of all ways to let each person stand for one', () => {
    fc.assert(
      fc.property(crowd, fc.subarray(names), (memberships, groups) => {
        const people: People = new Map(
          memberships.map((own, index) => [`person-${index}`, inGroups(own)]),
        );
        const voices = memberships.map((own) => own.filter((group) => groups.includes(group)));
        expect(groupsReached(people.keys(), people, { groups })).toBe(
          bruteForce(voices, new Set()),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('are not two for one person who is in both, however often they are named', () => {
    const people: People = new Map([['one', inGroups(['a', 'b'])]]);
    expect(groupsReached(['one', 'one'], people, { groups: ['a', 'b'] })).toBe(1);
  });

  it('let somebody move to another of their groups when that makes room', () => {
    const people: People = new Map([
      ['both', inGroups(['a', 'b'])],
      ['only a', inGroups(['a'])],
    ]);
    expect(groupsReached(['both', 'only a'], people, { groups: ['a', 'b'] })).toBe(2);
    expect(groupsReached(['only a', 'both'], people, { groups: ['a', 'b'] })).toBe(2);
  });

  it('count nobody who is not known', () => {
    expect(groupsReached(['a stranger'], new Map(), { groups: ['a'] })).toBe(0);
  });
});
