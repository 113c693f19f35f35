import { factsOf, nodeOf } from '../../../test/support/cluster-facts.js';
import { movesOf } from '../../engine/plan.js';
import { rolling } from './rolling.strategy.js';
import type { StrategyFacts } from './strategy.js';

function plan(facts: StrategyFacts, params: Record<string, unknown> = {}) {
  return rolling.plan(facts, rolling.params.parse(params));
}

const batches = (facts: StrategyFacts, params?: Record<string, unknown>) =>
  plan(facts, params)
    .steps.map(movesOf)
    .filter((moves) => moves.length > 0)
    .map((moves) => moves.length);

describe('a rolling update', () => {
  it.each([
    [1, {}, [1]],
    [3, {}, [1, 1, 1]],
    [8, {}, [2, 2, 2, 2]],
    [10, { maxUnavailable: 3 }, [3, 3, 3, 1]],
    [10, { maxUnavailable: '33%' }, [3, 3, 3, 1]],
    [10, { maxUnavailable: 0, maxSurge: '25%' }, [3, 3, 3, 1]],
    [10, { maxUnavailable: 1, maxSurge: 1 }, [2, 2, 2, 2, 2]],
    [4, { maxUnavailable: 100 }, [4]],
  ])('cuts %i nodes with %j into batches of %j', (count, params, sizes) => {
    expect(batches(factsOf({ count }), params)).toEqual(sizes);
  });

  it('does not count on a surge where old and new may not run side by side', () => {
    const facts = factsOf({ count: 10, overlaps: false });
    expect(batches(facts, { maxUnavailable: 2, maxSurge: 5 })).toEqual([2, 2, 2, 2, 2]);
    expect(() => plan(facts, { maxUnavailable: 0, maxSurge: 5 })).toThrow(
      /Set strategy.maxUnavailable to at least 1/,
    );
  });

  it('makes its batches smaller rather than leave fewer nodes than the cluster needs', () => {
    const facts = factsOf({ count: 6, overlaps: false, minAvailable: 4 });
    expect(batches(facts, { maxUnavailable: '100%' })).toEqual([2, 2, 2]);
    expect(() => plan(factsOf({ count: 4, overlaps: false, minAvailable: 4 }))).toThrow(
      /at least 4 must stay/,
    );
  });

  it('refuses so many batches that nobody would see the end of it', () => {
    expect(() => plan(factsOf({ count: 500 }), { maxUnavailable: 1 })).toThrow(
      /500 nodes in batches of 1 make too many steps/,
    );
  });

  it('spreads each batch over the zones', () => {
    const nodes = [...'aabb'].map((zone, index) => nodeOf(index, { labels: { zone } }));
    const [first] = plan(factsOf({ nodes }), { maxUnavailable: 2 }).steps.flatMap((step) =>
      movesOf(step).length > 0 ? [movesOf(step).map(({ name }) => name)] : [],
    );
    expect(first).toEqual(['node-001', 'node-003']);
  });

  describe('of nodes some of which are down', () => {
    const wasDown = { version: '1.0.0', code: 'crash-loop' };
    const nodesWith = (down: readonly number[], count: number) =>
      Array.from({ length: count }, (_, at) => nodeOf(at, down.includes(at) ? { wasDown } : {}));
    const names = (facts: StrategyFacts, params?: Record<string, unknown>) =>
      plan(facts, params)
        .steps.map((step) =>
          movesOf(step)
            .map(({ name }) => name.slice(-1))
            .join(''),
        )
        .filter((batch) => batch !== '');

    it('begins with them, and mixes no batch of those that serve with those that do not', () => {
      const nodes = nodesWith([1, 3, 4], 6);
      expect(names(factsOf({ nodes }), { maxUnavailable: 2 })).toEqual(['24', '5', '13', '6']);
    });

    it('can begin where too few serve already, if only those that do not are moved', () => {
      const alone = { overlaps: false, hasTraffic: false };
      const one = { ...alone, nodes: nodesWith([0], 1), minAvailable: 1 };
      expect(names(factsOf(one))).toEqual(['1']);
      const two = { ...alone, nodes: nodesWith([0, 1], 2), minAvailable: 2 };
      expect(names(factsOf(two))).toEqual(['1', '2']);
      const half = { ...alone, nodes: nodesWith([0], 2), minAvailable: 2 };
      expect(() => names(factsOf(half))).toThrow(/at least 2 must stay/);
    });
  });

  it('checks before each batch that enough serve, and after it CPU, memory and stability', () => {
    const own = plan(factsOf({ count: 2 }), { maxCpuPercent: 70 }).steps.filter(
      ({ wave }) => wave === 2,
    );
    expect(own.map(({ id }) => id)).toEqual(
      ['serving', 'baseline', 'move', 'converge', 'stabilization', 'utilization'].map(
        (kind) => `w2.${kind}`,
      ),
    );
    expect(own.at(-1)?.params).toMatchObject({
      gate: {
        kind: 'utilization',
        params: { maxCpuPercent: 70, maxMemoryPercent: 80, pollIntervalMs: 30_000 },
      },
    });
  });

  it('uses the environment’s own utilisation gate once, and only ever tightens it', () => {
    const gate = {
      kind: 'utilization',
      params: { maxCpuPercent: 60, maxMemoryPercent: 90 },
      maxWaitMs: 60_000,
    };
    const gates = plan(factsOf({ count: 1, gate }), { maxCpuPercent: 75, maxMemoryPercent: 75 })
      .steps.filter(({ kind }) => kind === 'gate')
      .map(({ params }) => params.gate);
    expect(gates).toMatchObject([
      { kind: 'utilization', params: { maxCpuPercent: 60, maxMemoryPercent: 75 } },
    ]);
  });

  it.each([
    [{ maxUnavailable: 501 }, 'maxUnavailable', /0 to 500/],
    [{ maxUnavailable: '101%' }, 'maxUnavailable', /"0%" to "100%"/],
    [{ maxSurge: 1.5 }, 'maxSurge', /whole number/],
    [{ maxUnavailable: 0 }, 'maxUnavailable', /at least 1/],
    [{ maxUnavailable: '0%', maxSurge: '0%' }, 'maxUnavailable', /at least 1/],
    [{ maxCpuPercent: 0 }, 'maxCpuPercent', />=1/],
    [{ maxMemoryPercent: 101 }, 'maxMemoryPercent', /<=100/],
  ])('refuses %j and names %s', (params, field, message) => {
    const { error } = rolling.params.safeParse(params);
    expect(error?.issues[0]?.path).toEqual([field]);
    expect(error?.issues[0]?.message).toMatch(message);
  });
});
