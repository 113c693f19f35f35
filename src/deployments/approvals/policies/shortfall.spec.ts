import fc from 'fast-check';
import {
  type ApprovalRule,
  type Bar,
  BARS,
  ownRule,
  type People,
  type PersonFacts,
} from '../rule.js';
import { nobodyBarred, shortfallOf } from './shortfall.js';

const groups = ['a', 'b', 'c'];
const person = fc.record({
  roles: fc.subarray(['Admin', 'Release Manager']),
  groups: fc.subarray(groups),
  isActive: fc.boolean(),
  mayDecide: fc.boolean(),
});
const crowd = fc.array(person, { maxLength: 6 }).map(named);
const ids = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'];
const rules: fc.Arbitrary<ApprovalRule> = fc
  .record({
    approvers: fc.record({
      roles: fc.subarray(['Admin', 'Release Manager']),
      groups: fc.subarray(groups),
      users: fc.subarray(ids),
    }),
    quorum: fc.integer({ min: 1, max: 4 }),
    bars: fc.subarray([...BARS]),
    distinct: fc.option(
      fc.record({ groups: fc.subarray(groups), count: fc.integer({ min: 1, max: 3 }) }),
    ),
  })
  .map(({ distinct, quorum, ...rest }) => ({
    ...ownRule,
    ...rest,
    policyId: 'a policy',
    quorum,
    // As a saved policy has it: never more groups than decisions.
    distinctGroups: distinct && { ...distinct, count: Math.min(distinct.count, quorum) },
  }));
const barred = fc.record(
  Object.fromEntries(BARS.map((bar) => [bar, fc.subarray(ids)])) as Record<
    Bar,
    fc.Arbitrary<string[]>
  >,
);

function named(people: readonly PersonFacts[]): People {
  return new Map(people.map((facts, index) => [`p${index}`, facts]));
}

function subsets<T>(all: readonly T[]): T[][] {
  return all.reduce<T[][]>((sets, each) => [...sets, ...sets.map((set) => [...set, each])], [[]]);
}

/** Whether some choice of one group each (or none) makes as many different ones. */
function standsFor(
  set: readonly string[],
  people: People,
  wanted: readonly string[],
  count: number,
): boolean {
  const choose = ([first, ...rest]: readonly string[], taken: readonly string[]): boolean => {
    if (new Set(taken).size >= count) return true;
    if (first === undefined) return false;
    const own = people.get(first)!.groups.filter((group) => wanted.includes(group));
    return choose(rest, taken) || own.some((group) => choose(rest, [...taken, group]));
  };
  return choose(set, []);
}

describe('a shortfall', () => {
  it('is there exactly when no set of people, looked at one by one, meets the rule', () => {
    fc.assert(
      fc.property(crowd, rules, barred, (people, rule, out) => {
        const { roles, groups: boards, users } = rule.approvers;
        const mayVote = (id: string) => {
          const facts = people.get(id)!;
          const isNamed =
            users.includes(id) ||
            facts.roles.some((each) => roles.includes(each)) ||
            facts.groups.some((each) => boards.includes(each));
          const isOut = rule.bars.some((bar) => out[bar].includes(id));
          return isNamed && facts.isActive && facts.mayDecide && !isOut;
        };
        const isPossible = subsets([...people.keys()]).some(
          (set) =>
            set.length >= rule.quorum &&
            set.every(mayVote) &&
            (rule.distinctGroups === null ||
              standsFor(set, people, rule.distinctGroups.groups, rule.distinctGroups.count)),
        );
        expect(shortfallOf(rule, people, out) === null).toBe(isPossible);
      }),
      { numRuns: 3_000 },
    );
  });

  it('says which part is too little', () => {
    const facts = { roles: ['Admin'], groups: ['a', 'b'], isActive: true, mayDecide: true };
    const rule = {
      ...ownRule,
      policyId: 'a policy',
      approvers: { roles: ['Admin'], groups: [], users: [] },
      quorum: 2,
      distinctGroups: { groups: ['a', 'b'], count: 2 },
    };
    expect(shortfallOf(rule, named([facts]), nobodyBarred)).toEqual({
      part: 'approvers',
      have: 1,
      need: 2,
    });
    const alike = named([
      { ...facts, groups: ['a'] },
      { ...facts, groups: ['a'] },
    ]);
    expect(shortfallOf(rule, alike, nobodyBarred)).toEqual({
      part: 'distinct-groups',
      have: 1,
      need: 2,
    });
    expect(shortfallOf(rule, named([facts, facts]), nobodyBarred)).toBeNull();
  });

  it('is none of a rule that something outside decides', () => {
    expect(shortfallOf({ ...ownRule, kind: 'external' }, new Map(), nobodyBarred)).toBeNull();
  });
});
