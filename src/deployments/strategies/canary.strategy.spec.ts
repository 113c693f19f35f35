import { factsOf, nodeOf, pairOf } from '../../../test/support/cluster-facts.js';
import { checkPlan } from './check-plan.js';
import { movesOf } from '../../engine/plan.js';
import { canary } from './canary.strategy.js';
import type { StrategyFacts } from './strategy.js';

function moves(facts: StrategyFacts, params: Record<string, unknown>) {
  return canary
    .plan(facts, canary.params.parse(params))
    .steps.map(movesOf)
    .filter((all) => all.length > 0)
    .map((all) => all.map(({ name, percent }) => `${Number(name.slice(5))}:${percent ?? 'all'}`));
}

const sizes = (count: number, params: Record<string, unknown>) =>
  moves(factsOf({ count }), params).map(({ length }) => length);

describe('a canary', () => {
  it.each([
    [6, {}, [1, 1, 1, 3]],
    [100, {}, [10, 20, 20, 50]],
    [1, {}, [1]],
    [6, { wavesCount: [1, 3] }, [1, 2, 3]],
    [6, { wavesCount: [2, 6] }, [2, 4]],
    [3, { wavesCount: [1, 200] }, [1, 2]],
    [10, { wavesPercent: [50, 100], wavesCount: [1] }, [1, 9]],
  ])('moves %i nodes with %j in waves of %j', (count, params, expected) => {
    expect(sizes(count, params)).toEqual(expected);
  });

  it.each([
    [1_000, {}, [100, 200, 200, 500]],
    [1_002, {}, [101, 200, 200, 251, 250]],
    [1_200, { wavesPercent: [100] }, [400, 400, 400]],
    [1_200, { wavesCount: [1] }, [1, 400, 400, 399]],
  ])('splits what may not move at once: %i nodes with %j', (count, params, expected) => {
    const facts = factsOf({ count });
    const plan = canary.plan(facts, canary.params.parse(params));
    expect(plan.steps.map(movesOf).flatMap(({ length }) => length || [])).toEqual(expected);
    expect(plan.steps.filter(({ kind }) => kind === 'gate')).toHaveLength(expected.length);
    expect(checkPlan(plan, { servingNodes: count, minAvailable: 0, overlaps: true })).toEqual([]);
  });

  it('refuses what would take too many steps, and says how to take fewer', () => {
    const facts = factsOf({ count: 6_000 });
    const stages = { trafficPercent: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], spreadBy: [] };
    expect(() => moves(facts, stages)).toThrow(
      /6000 nodes make \d+ steps.*at most 400.*trafficPercent/,
    );
  });

  it('gives a single node’s release more and more of its traffic', () => {
    expect(moves(factsOf({ count: 1 }), { trafficPercent: [10, 50] })).toEqual([
      ['1:10'],
      ['1:50'],
      ['1:all'],
    ]);
  });

  it('does so in each wave of nodes', () => {
    const params = { wavesCount: [1], trafficPercent: 20 };
    expect(moves(factsOf({ count: 3 }), params)).toEqual([
      ['1:20'],
      ['1:all'],
      ['2:20', '3:20'],
      ['2:all', '3:all'],
    ]);
  });

  it('moves a node without another release to share with at once', () => {
    const nodes = [nodeOf(0), nodeOf(1, { from: null }), nodeOf(2, { from: pairOf('new') })];
    const params = { wavesPercent: [100], trafficPercent: 20 };
    expect(moves(factsOf({ nodes }), params)).toEqual([['1:20', '2:all', '3:all'], ['1:all']]);
  });

  it('measures every stage of a wave against the time before the wave', () => {
    const { steps } = canary.plan(
      factsOf({ count: 1 }),
      canary.params.parse({ trafficPercent: 5 }),
    );
    expect(steps.filter(({ kind }) => kind === 'baseline').map(({ id }) => id)).toEqual([
      'w1.baseline',
    ]);
    expect(steps.find(({ id }) => id === 'w2.stabilization')?.params).toMatchObject({
      baselineWave: 1,
    });
  });

  it('cannot share what a module does not have', () => {
    const facts = factsOf({ count: 2, hasTraffic: false });
    expect(() => moves(facts, { trafficPercent: 10 })).toThrow(/needs a module with "traffic"/);
  });

  it.each([
    [{ wavesPercent: [0, 100] }, ['wavesPercent', 0], />=1/],
    [{ wavesPercent: [101] }, ['wavesPercent', 0], /<=100/],
    [{ wavesPercent: [50] }, ['wavesPercent'], /last wave must be 100/],
    [{ wavesCount: [2, 1] }, ['wavesCount'], /strictly increasing/],
    [{ wavesCount: [501] }, ['wavesCount', 0], /<=500/],
    [{ trafficPercent: 100 }, ['trafficPercent', 0], /<=99/],
    [{ trafficPercent: [20, 10] }, ['trafficPercent'], /strictly increasing/],
    [{ trafficPercent: 'ten' }, ['trafficPercent'], /expected array/],
    [
      {
        wavesCount: Array.from({ length: 20 }, (_, index) => index + 1),
        trafficPercent: [1, 2, 3, 4, 5],
      },
      ['trafficPercent'],
      /at most 90/,
    ],
  ])('refuses %j and names the field', (params, path, message) => {
    const { error } = canary.params.safeParse(params);
    expect(error?.issues[0]?.path).toEqual(path);
    expect(error?.issues[0]?.message).toMatch(message);
  });
});
