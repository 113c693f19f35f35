/**
 * The life of an approval, over random people, rules, removals, edits, times and orders: what the engine and
 * decisions do is played over a model of their rows, with the product's own pure parts deciding. It never
 * starts without every rule met by people of that moment, and never has two outcomes.
 */
import fc from 'fast-check';
import { ownRule, type ApprovalRule, type Barred, type People, type PersonFacts } from '../rule.js';
import { nextOf } from './next-of.js';
import { isSameRules, requestStates, type RequestStatus } from './request.js';
import { ruleKey, standingOf, type CountedDecision } from './standing.js';

const PEOPLE = ['ada', 'bob', 'cleo', 'dan', 'eve'];
const GROUPS = ['ops', 'security', 'business'];
const ROLES = ['Admin', 'Release Manager'];
const TIMEOUT = 1_000;

const subset = (of: readonly string[]) => fc.subarray([...of]);

const rule: fc.Arbitrary<ApprovalRule> = fc
  .record({
    policyId: fc.constantFrom(null, 'p1', 'p2', 'p3'),
    version: fc.integer({ min: 1, max: 3 }),
    roles: subset(ROLES),
    groups: subset(GROUPS),
    users: subset(PEOPLE),
    quorum: fc.integer({ min: 1, max: 3 }),
    distinct: fc.option(fc.integer({ min: 1, max: 2 }), { nil: null }),
    bars: fc.subarray(['requester', 'release-author', 'configuration-editor'] as const),
    decisionValidMs: fc.option(fc.integer({ min: 50, max: 600 }), { nil: null }),
    passkeyRequired: fc.boolean(),
  })
  .map(({ roles, groups, users, distinct, bars, ...rest }) => ({
    ...ownRule,
    ...rest,
    name: `rule ${rest.policyId ?? 'own'}`,
    approvers: { roles, groups, users },
    distinctGroups: distinct === null ? null : { groups: GROUPS, count: distinct },
    bars: [...bars],
    timeoutMs: TIMEOUT,
  }));

const rules = fc.uniqueArray(rule, { minLength: 1, maxLength: 3, selector: ruleKey });

const facts: fc.Arbitrary<PersonFacts> = fc.record({
  roles: subset(ROLES),
  groups: subset(GROUPS),
  isActive: fc.boolean(),
  mayDecide: fc.boolean(),
});

/** Most of them could: else nothing ever happens. */
const able: fc.Arbitrary<PersonFacts> = fc.record({
  roles: fc.constant(['Admin']),
  groups: subset(GROUPS),
  isActive: fc.constant(true),
  mayDecide: fc.constant(true),
});

type Event =
  | { readonly do: 'approve'; readonly who: string; readonly isProved: boolean }
  | { readonly do: 'reject'; readonly who: string }
  | { readonly do: 'withdraw'; readonly who: string }
  | { readonly do: 'change'; readonly who: string; readonly to: PersonFacts }
  | { readonly do: 'edit'; readonly rules: readonly ApprovalRule[] }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'look' }
  | { readonly do: 'start' }
  | { readonly do: 'replace' }
  | { readonly do: 'cancel' };

const who = fc.constantFrom(...PEOPLE);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('approve' as const), who, isProved: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reject' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('withdraw' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('change' as const), who, to: fc.oneof(facts, able) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit' as const), rules }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.integer({ min: 1, max: 400 }),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'look' as const }) },
  { weight: 5, arbitrary: fc.constant({ do: 'start' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'replace' as const }, { do: 'cancel' as const }) },
);

interface Asked {
  status: RequestStatus;
  rules: readonly ApprovalRule[];
  deadlineMs: number;
  decisions: CountedDecision[];
}

type Outcome = 'started' | 'rejected' | 'cancelled';

/** The rows, and who writes them: the engine (`look`, `start`) and decisions, each as a transaction. */
class Played {
  now = 0;
  readonly outcomes: Outcome[] = [];
  readonly requests: Asked[] = [];
  /** The step is done; the run waits for its slot. */
  isPassed = false;
  readonly people: Map<string, PersonFacts>;

  constructor(
    private rules: readonly ApprovalRule[],
    people: People,
    private readonly barred: Barred,
  ) {
    this.people = new Map(people);
  }

  private get asked(): Asked | undefined {
    return this.requests.at(-1);
  }

  private isMet({ rules: of, decisions }: Asked): boolean {
    const { people, barred, now } = this;
    return standingOf({ rules: of, decisions, people, barred, now, override: null }).met;
  }

  private change(asked: Asked, status: RequestStatus): void {
    expect(requestStates.can(asked.status, status)).toBe(true);
    asked.status = status;
  }

  play(happens: Event): void {
    if (this.outcomes.length > 0) return;
    switch (happens.do) {
      case 'pass':
        this.now += happens.ms;
        return;
      case 'change':
        this.people.set(happens.who, happens.to);
        return;
      case 'edit':
        this.rules = happens.rules;
        return;
      case 'look':
        if (!this.isPassed) this.look();
        return;
      case 'start':
        if (this.isPassed) this.start();
        return;
      default:
        this.decide(happens);
    }
  }

  private decide(happens: Exclude<Event, { do: 'pass' | 'change' | 'edit' | 'look' | 'start' }>) {
    const { asked } = this;
    if (happens.do === 'cancel') return void this.outcomes.push('cancelled');
    if (asked?.status !== 'open' || this.now >= asked.deadlineMs) return;
    if (happens.do === 'replace') return this.change(asked, 'replaced');
    const { who: personId } = happens;
    const own = ({ personId: other }: CountedDecision) => other === personId;
    if (happens.do === 'withdraw') {
      asked.decisions = asked.decisions.filter((each) => !own(each));
      return;
    }
    if (!isSameRules(asked.rules, this.rules)) return;
    if (happens.do === 'reject') return this.change(asked, 'rejected');
    if (asked.decisions.some(own)) return;
    const provedFor = happens.isProved ? asked.rules.map(ruleKey) : [];
    asked.decisions.push({ verb: 'approve', personId, gateId: null, at: this.now, provedFor });
    if (this.isMet(asked)) this.change(asked, 'granted');
  }

  /** ApprovalRequests.settle. */
  private look(): void {
    const { asked, now } = this;
    const isCurrent = asked !== undefined && isSameRules(asked.rules, this.rules);
    const next = nextOf(asked ? { ...asked, isCurrent, isMet: this.isMet(asked) } : null, now);
    switch (next.do) {
      case 'ask':
        if (next.voids) this.change(asked!, 'void');
        this.requests.push({
          status: 'open',
          rules: this.rules,
          deadlineMs: now + TIMEOUT,
          decisions: [],
        });
        return;
      case 'go':
        if (next.grants) this.change(asked!, 'granted');
        this.isPassed = true;
        return;
      case 'expire':
        this.change(asked!, 'expired');
        this.outcomes.push('rejected');
        return;
      case 'wait':
        if (next.reopens) this.change(asked!, 'open');
        return;
      case 'end':
        this.outcomes.push('rejected');
    }
  }

  /** The slot's step, with ApprovalRequests.doubtOf. */
  private start(): void {
    const { asked } = this;
    const stands =
      asked?.status === 'granted' && isSameRules(asked.rules, this.rules) && this.isMet(asked);
    if (stands) this.outcomes.push('started');
    else this.isPassed = false;
  }

  /** Once the engine has looked, people are asked about what counts now, and in time. */
  asksInVain(): boolean {
    const { asked } = this;
    if (this.outcomes.length > 0 || this.isPassed || !asked) return false;
    return !isSameRules(asked.rules, this.rules) || this.now >= asked.deadlineMs;
  }

  /** Written down anew, without any of the product's parts. */
  isMetByBruteForce(): boolean {
    const decisions = this.asked?.decisions ?? [];
    return this.rules.every((each) => {
      const voices = decisions.filter(({ personId, at, provedFor }) => {
        const person = this.people.get(personId!);
        if (!person?.isActive || !person.mayDecide) return false;
        const { roles, groups, users } = each.approvers;
        const isNamed =
          each.policyId === null ||
          users.includes(personId!) ||
          roles.some((role) => person.roles.includes(role)) ||
          groups.some((group) => person.groups.includes(group));
        const isKept = each.bars.some((bar) => this.barred[bar].includes(personId!));
        const isFresh = each.decisionValidMs === null || this.now < at + each.decisionValidMs;
        const isProved = !each.passkeyRequired || provedFor.includes(ruleKey(each));
        return isNamed && !isKept && isFresh && isProved;
      });
      if (new Set(voices.map(({ personId }) => personId)).size < each.quorum) return false;
      const wanted = each.distinctGroups?.count ?? 0;
      return (
        reach(
          voices.map(({ personId }) => this.people.get(personId!)!.groups),
          new Set(),
        ) >= wanted
      );
    });
  }
}

/** The most groups that the voices can stand for, one each. */
function reach(voices: readonly (readonly string[])[], taken: ReadonlySet<string>): number {
  const [first, ...rest] = voices;
  if (!first) return taken.size;
  const others = first
    .filter((group) => GROUPS.includes(group) && !taken.has(group))
    .map((group) => reach(rest, new Set([...taken, group])));
  return Math.max(reach(rest, taken), ...others);
}

const world = fc.record({
  rules,
  people: fc.record(Object.fromEntries(PEOPLE.map((name) => [name, fc.oneof(able, able, facts)]))),
  barred: fc.record({
    requester: subset(PEOPLE.slice(0, 1)),
    'release-author': subset(PEOPLE.slice(0, 2)),
    'configuration-editor': subset(PEOPLE.slice(1, 3)),
  }),
  events: fc.array(event, { minLength: 5, maxLength: 60 }),
});

describe('an approval', () => {
  const seen = new Map<string, number>();

  it('never starts without every rule met, and has one outcome', () => {
    fc.assert(
      fc.property(world, ({ rules: first, people, barred, events }) => {
        const played = new Played(first, new Map(Object.entries(people)), barred);
        for (const happens of [{ do: 'look' } as const, ...events]) {
          played.play(happens);
          if (happens.do === 'look') expect(played.asksInVain()).toBe(false);
          if (played.outcomes.at(-1) === 'started') expect(played.isMetByBruteForce()).toBe(true);
        }
        expect(played.outcomes.length).toBeLessThanOrEqual(1);
        const open = played.requests.filter(
          ({ status }) => status === 'open' || status === 'granted',
        );
        expect(open.length).toBeLessThanOrEqual(1);
        const end = played.outcomes[0] ?? 'none';
        seen.set(end, (seen.get(end) ?? 0) + 1);
      }),
      { numRuns: 1_500 },
    );
    // A property that is never put to the test holds, too.
    for (const end of ['started', 'rejected', 'cancelled', 'none']) {
      expect(seen.get(end) ?? 0).toBeGreaterThan(10);
    }
  });

  it('counts each person once for a rule, whatever else they say', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 1, max: 5 }), (one, times) => {
        const everybody = new Map(
          PEOPLE.map((name) => [
            name,
            { roles: ROLES, groups: GROUPS, isActive: true, mayDecide: true },
          ]),
        );
        const decision = { verb: 'approve', personId: 'ada', gateId: null, at: 0 } as const;
        const decisions = Array.from({ length: times }, () => ({
          ...decision,
          provedFor: [ruleKey(one)],
        }));
        const barred = { requester: [], 'release-author': [], 'configuration-editor': [] };
        const facts = { people: everybody, barred, now: 1, override: null };
        const { perRule } = standingOf({ ...facts, rules: [one], decisions });
        expect(perRule[0]!.have).toBeLessThanOrEqual(1);
      }),
    );
  });
});
