import { factsOf, nodeOf, pairOf } from '../../../test/support/cluster-facts.js';
import { movesOf } from '../../engine/plan.js';
import { blueGreen } from './blue-green.strategy.js';
import { undoPlan } from './plan-parts.js';
import type { StrategyFacts } from './strategy.js';

const plan = (facts: StrategyFacts, params: Record<string, unknown> = {}) =>
  blueGreen.plan(facts, blueGreen.params.parse(params));

const ids = (facts: StrategyFacts, params?: Record<string, unknown>) =>
  plan(facts, params).steps.flatMap(({ id, wave }) => (wave > 0 ? [id] : []));

const moves = (facts: StrategyFacts, params?: Record<string, unknown>) =>
  plan(facts, params)
    .steps.map(movesOf)
    .filter((all) => all.length > 0)
    .map((all) => all.map(({ name, percent }) => `${Number(name.slice(5))}:${percent ?? 'all'}`));

describe('blue-green', () => {
  it('starts green, watches it, switches at once, watches again, keeps blue, and stops it', () => {
    expect(ids(factsOf({ count: 3 }))).toEqual([
      'w1.baseline',
      'w1.move',
      'w1.converge',
      'w1.utilization',
      'w2.move',
      'w2.converge',
      'w2.stabilization',
      'w3.keep',
      'w3.move',
      'w3.converge',
    ]);
    expect(moves(factsOf({ count: 2 }))).toEqual([
      ['1:0', '2:0'],
      ['1:100', '2:100'],
      ['1:all', '2:all'],
    ]);
  });

  it('measures green with all the traffic against blue before green was there', () => {
    const { steps } = plan(factsOf());
    const [baseline, gate] = ['w1.baseline', 'w2.stabilization'].map(
      (id) => steps.find((step) => step.id === id)!.params,
    );
    expect(baseline).toMatchObject({ gate: { kind: 'stabilization' } });
    expect(gate).toMatchObject({ gate: { kind: 'stabilization' }, baselineWave: 1 });
  });

  it('runs the smoke tests of the manifest and of the request where green is started', () => {
    const smokeTests = [{ path: '/ready', status: 200, count: 1 }];
    const { steps } = plan(factsOf({ smokeTests }), {
      smokeTests: [{ path: '/orders', count: 3 }],
    });
    const withSmoke = steps.filter(({ params }) => params.smoke !== undefined);
    expect(withSmoke.map(({ id }) => id)).toEqual(['w1.move']);
    expect(withSmoke[0]?.params.smoke).toEqual({
      timeoutMs: 300_000,
      tests: [...smokeTests, { path: '/orders', status: 200, count: 3 }],
    });
    const [converge] = steps.filter(({ id }) => id === 'w1.converge');
    expect(converge?.deadlineMs).toBe(60_000 + 300_000);
  });

  it('does not keep blue for no time', () => {
    expect(ids(factsOf(), { keepBlueMs: 0 })).not.toContain('w3.keep');
  });

  it('takes the labelled half first; the other half follows while green could still go back', () => {
    const nodes = [...'bgbg'].map((letter, index) =>
      nodeOf(index, { labels: { color: letter === 'g' ? 'green' : 'blue' } }),
    );
    const facts = factsOf({ nodes });
    expect(moves(facts, { greenLabel: 'color=green' })).toEqual([
      ['2:0', '4:0'],
      ['2:100', '4:100'],
      ['1:all', '3:all'],
      ['2:all', '4:all'],
    ]);
    expect(ids(facts, { greenLabel: 'color=green' }).slice(7)).toEqual([
      'w3.keep',
      'w3.baseline',
      'w3.move',
      'w3.converge',
      'w3.stabilization',
      'w4.move',
      'w4.converge',
    ]);
  });

  it('moves nodes without a blue afterwards, and all of them on the first rollout', () => {
    const nodes = [nodeOf(0), nodeOf(1, { from: null }), nodeOf(2, { from: pairOf('new') })];
    expect(moves(factsOf({ nodes }))).toEqual([['1:0'], ['1:100'], ['2:all', '3:all'], ['1:all']]);
    const first = factsOf({ nodes: [nodeOf(0, { from: null })] });
    expect(ids(first)).toEqual(['w1.baseline', 'w1.move', 'w1.converge', 'w1.stabilization']);
  });

  it.each([
    ['only started', ['w1.move']],
    ['switched', ['w1.move', 'w2.move']],
    ['half retired', ['w1.move', 'w2.move', 'w3.move']],
  ])('goes back to blue alone in one move when it was %s', (_, begun) => {
    const undo = undoPlan(plan(factsOf({ count: 2 })), (id) => begun.includes(id));
    expect(undo.steps.map(({ id }) => id)).toEqual(['u1.move', 'u1.converge']);
    expect(movesOf(undo.steps[0]!)).toEqual(
      [0, 1].map((index) => {
        const { nodeId, name } = nodeOf(index);
        return { nodeId, name, from: pairOf('new'), to: pairOf('old') };
      }),
    );
  });

  it('refuses what has no traffic to switch, and a label that no node has', () => {
    expect(() => plan(factsOf({ hasTraffic: false }))).toThrow(/needs a module with "traffic"/);
    expect(() => plan(factsOf(), { greenLabel: 'color=green' })).toThrow(
      /no serving node has the label color=green/,
    );
  });

  it.each([
    [{ keepBlueMs: -1 }, ['keepBlueMs'], />=0/],
    [{ keepBlueMs: 86_400_001 }, ['keepBlueMs'], /<=86400000/],
    [{ smokeTimeoutMs: 999 }, ['smokeTimeoutMs'], />=1000/],
    [{ greenLabel: 'green' }, ['greenLabel'], /a label and its value/],
    [{ smokeTests: [{ path: 'ready' }] }, ['smokeTests', 0, 'path'], /must start with "\/"/],
    [{ smokeTests: [{ path: '/', status: 99 }] }, ['smokeTests', 0, 'status'], />=100/],
    [{ smokeTests: [{ path: '/', count: 101 }] }, ['smokeTests', 0, 'count'], /<=100/],
  ])('refuses %j and names the field', (params, path, message) => {
    const { error } = blueGreen.params.safeParse(params);
    expect(error?.issues[0]?.path).toEqual(path);
    expect(error?.issues[0]?.message).toMatch(message);
  });
});
