/** What holds for every plan of every strategy, on clusters of any shape. */
import fc from 'fast-check';
import { anyCluster, factsOf } from '../../../test/support/cluster-facts.js';
import { checkPlan, leavesTooFew } from './check-plan.js';
import { movesOf, nodesOf, type Plan } from '../../engine/plan.js';
import { DomainError } from '../../kernel/errors.js';
import { undoPlan } from './plan-parts.js';
import { strategies } from './strategies.js';
import type { StrategyFacts } from './strategy.js';

const amount = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.integer({ min: 0, max: 100 }).map((value) => `${value}%`),
);
const increasing = (min: number, max: number, maxLength: number) =>
  fc
    .uniqueArray(fc.integer({ min, max }), { maxLength })
    .map((values) => values.sort((a, b) => a - b));

/** Any parameters of each kind; a kind without an entry is tested with its defaults. */
const paramsOf: Record<string, fc.Arbitrary<Record<string, unknown>>> = {
  rolling: fc.record(
    { maxUnavailable: amount, maxSurge: amount, maxCpuPercent: fc.integer({ min: 1, max: 100 }) },
    { requiredKeys: [] },
  ),
  'blue-green': fc.record(
    {
      greenLabel: fc.constantFrom('color=green', 'zone=a'),
      keepBlueMs: fc.constantFrom(0, 60_000),
      smokeTests: fc.constant([{ path: '/ready', body: 'yes', count: 2 }]),
    },
    { requiredKeys: [] },
  ),
  canary: fc.record(
    {
      wavesPercent: increasing(1, 99, 10).map((waves) => [...waves, 100]),
      wavesCount: increasing(1, 500, 10).filter((waves) => waves.length > 0),
      trafficPercent: fc.oneof(fc.integer({ min: 1, max: 99 }), increasing(1, 99, 4)),
    },
    { requiredKeys: [] },
  ),
};

/** Null: refused, by the schema or because it cannot be done on this cluster. */
function planOf(kind: string, facts: StrategyFacts, asked: unknown): Plan | null {
  const strategy = strategies.get(kind);
  const parsed = strategy.params.safeParse(asked);
  if (!parsed.success) return null;
  try {
    return strategy.plan(facts, parsed.data);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'plan-not-possible') return null;
    throw error;
  }
}

function problemsOf(plan: Plan, { nodes, minAvailable, overlaps }: StrategyFacts): string[] {
  return checkPlan(plan, { servingNodes: nodes.length, minAvailable, overlaps });
}

function tooFewOf(plan: Plan, { nodes, minAvailable, overlaps }: StrategyFacts): string[] {
  return leavesTooFew(plan, { servingNodes: nodes.length, minAvailable, overlaps });
}

it('every canary of a cluster of more nodes than a wave may have is sound, or refused', () => {
  let planned = 0;
  const anyCount = fc.oneof(
    fc.integer({ min: 1, max: 1_200 }),
    fc.integer({ min: 501, max: 1_200 }),
  );
  fc.assert(
    fc.property(anyCount, paramsOf.canary!, (count, params) => {
      const facts = factsOf({ count });
      // In the order of their names: spreading so many takes longest of all, and is tested elsewhere.
      const plan = planOf('canary', facts, { ...params, spreadBy: [] });
      if (!plan) return;
      planned += 1;
      expect(problemsOf(plan, facts)).toEqual([]);
      expect(nodesOf(plan)).toHaveLength(count);
    }),
    { numRuns: 40 },
  );
  expect(planned).toBeGreaterThan(10);
});

describe.each([...strategies.kinds])('every plan of the strategy %s', (kind) => {
  const asked = paramsOf[kind] ?? fc.constant({});

  it('is sound, moves every serving node to the release, and leaves it alone there', () => {
    let planned = 0;
    fc.assert(
      fc.property(anyCluster, asked, ({ facts, serving }, params) => {
        const plan = planOf(kind, facts, params);
        if (!plan) return;
        const problems = problemsOf(plan, facts);
        // Direct has no smaller wave to offer: the planner refuses it as plan-not-possible.
        if (kind === 'direct' || kind === 'canary') {
          if (tooFewOf(plan, facts).length > 0) return;
        }
        planned += 1;
        expect(problems).toEqual([]);
        const last = nodesOf(plan);
        expect(last.map(({ nodeId }) => nodeId).sort()).toEqual([...serving.keys()].sort());
        for (const { to, percent } of last) {
          expect(percent).toBeUndefined();
          expect(to).toEqual(facts.to);
        }
      }),
      { numRuns: 60 },
    );
    expect(planned).toBeGreaterThan(10);
  });

  it('touches no node that is Lost, Unhealthy or Cordoned, whatever it runs', () => {
    let planned = 0;
    fc.assert(
      fc.property(anyCluster, asked, ({ facts, leftOut }, params) => {
        const plan = planOf(kind, facts, params);
        if (!plan || leftOut.size === 0) return;
        planned += 1;
        for (const { nodeId } of plan.steps.flatMap(movesOf)) {
          expect(leftOut.has(nodeId)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
    expect(planned).toBeGreaterThan(10);
  });

  it('is the same whenever it is made of the same facts', () => {
    fc.assert(
      fc.property(anyCluster, asked, ({ facts }, params) => {
        expect(planOf(kind, facts, params)).toEqual(planOf(kind, facts, params));
      }),
      { numRuns: 10 },
    );
  });

  it('can be undone from any point: each node that was moved gets the pair that it ran', () => {
    fc.assert(
      fc.property(anyCluster, asked, fc.nat(), ({ facts, serving }, params, seed) => {
        const plan = planOf(kind, facts, params);
        if (!plan) return;
        const stoppedAt = seed % (plan.steps.length + 1);
        const begun = plan.steps.slice(0, stoppedAt);
        const undo = undoPlan(plan, (stepId) => begun.some(({ id }) => id === stepId));
        const moved = new Set(begun.flatMap(movesOf).map(({ nodeId }) => nodeId));
        if (moved.size === 0) {
          expect(undo.steps).toEqual([]);
          return;
        }
        const all = { ...facts, overlaps: true };
        expect(problemsOf(undo, all)).toEqual([]);
        const back = nodesOf(undo);
        expect(new Set(back.map(({ nodeId }) => nodeId))).toEqual(moved);
        for (const { nodeId, to, percent } of back) {
          expect({ nodeId, to, percent }).toEqual({ nodeId, to: serving.get(nodeId) });
        }
      }),
      { numRuns: 40 },
    );
  });
});
