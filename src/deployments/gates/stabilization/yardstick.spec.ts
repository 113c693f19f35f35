import { groupOf, type GroupShape } from '../../../../test/support/gate-samples.js';
import type { NodeInterval } from '../../../drivers/metric-sources/metric-source.js';
import { bucketIndex } from '../../../kernel/histogram.js';
import { defaultGateParams } from './stabilization-params.js';
import { yardstickOf } from './yardstick.js';

const nobody = new Set<string>();

function node(nodeId: string, shape: GroupShape = {}): NodeInterval {
  const { n, errors, histogram, cpu, mem } = groupOf(shape);
  return {
    nodeId,
    requests: n,
    errors,
    histogram,
    cpuCores: cpu ?? 0,
    memoryMiBMin: mem ?? 0,
    lastSampleAt: 0,
    sinceMs: 0,
    counterResets: 0,
    samples: 1,
  };
}

const dead: GroupShape = { errors: 300, p95Ms: 1, cpu: 0, mem: 0 };
const idle: GroupShape = { n: 0, cpu: 0.1, mem: 0 };
const wrong: GroupShape = { errors: 300, p95Ms: 4 };
const half: GroupShape = { errors: 150 };

/** One node, oldest poll first. */
const lone = (...parts: (readonly [number, GroupShape])[]) =>
  parts.flatMap(([count, shape]) => Array.from({ length: count }, () => [node('a', shape)]));

const of = (polls: NodeInterval[][], down = nobody) => yardstickOf(polls, defaultGateParams, down);

describe('the yardstick', () => {
  it.each<[string, GroupShape, number]>([
    ['crash-loops', dead, 1],
    ['answers 500 at once', wrong, 1],
    ['fails every other request', half, 0.5],
    ['fails every ninth request, when one in a hundred more is allowed', { errors: 33 }, 0.11],
  ])('is broken when the node %s', (_, shape, err) => {
    const { baseline, broken } = of(lone([20, shape]));
    expect({ baseline, why: broken?.why }).toEqual({ baseline: null, why: 'errors' });
    expect(broken?.err).toBeCloseTo(err);
  });

  it('is broken when it broke a minute ago, however good it was before', () => {
    expect(of(lone([118, {}], [2, dead])).broken).not.toBeNull();
  });

  it('is what came before a blip of one poll', () => {
    const { baseline, broken } = of(lone([19, {}], [1, dead]));
    expect(broken).toBeNull();
    expect(baseline).toMatchObject({ err: 0, cpu: 0.5, mem: 400, blocks: 9 });
  });

  it('is broken when it failed half of the time, and is sound again for a moment only', () => {
    expect(of(lone([5, {}], [6, dead], [2, {}])).broken).not.toBeNull();
  });

  it('is the time before an incident that is over, and none of the incident', () => {
    const { baseline, broken } = of(lone([60, {}], [6, { ...dead, errors: 290 }], [4, {}]));
    expect(broken).toBeNull();
    expect(baseline).toMatchObject({ err: 0, cpu: 0.5, mem: 400, cpuSd: 0 });
  });

  it('remembers what was usual, when it is clearly slower than in the hour before', () => {
    const slow = of(lone([60, { p95Ms: 80 }], [10, { p95Ms: 240 }])).baseline!;
    expect(slow.p95).toBeGreaterThan(200);
    expect(slow.usualP95).toBeLessThan(100);
    expect(of(lone([60, { p95Ms: 80 }], [10, { p95Ms: 100 }])).baseline).not.toHaveProperty(
      'usualP95',
    );
  });

  it('leaves out one node of six that is broken, and says which', () => {
    const sick = ['b', 'c', 'd', 'e', 'f'].map((id) => node(id));
    const { baseline, broken, leftOut } = of(lone([20, dead]).map((poll) => [...poll, ...sick]));
    expect([broken, leftOut]).toEqual([null, ['a']]);
    expect(baseline).toMatchObject({ err: 0, cpu: 0.5, mem: 400 });
  });

  it('is broken when most nodes are', () => {
    const polls = lone([20, dead]).map((poll) => [...poll, node('b', wrong), node('c')]);
    expect(of(polls).broken).toMatchObject({ why: 'errors' });
  });

  it('is broken without any figures when its nodes say that they are down', () => {
    expect(of(lone([20, idle]), new Set(['a']))).toMatchObject({ broken: { why: 'down', err: 1 } });
    expect(of([], new Set(['a', 'b']))).toMatchObject({ broken: { why: 'down' } });
  });

  it('is none, but not broken, when nobody asked anything of nodes that are well', () => {
    expect(of(lone([120, idle]))).toEqual({ baseline: null, broken: null, leftOut: [] });
  });

  it('believes what a node did rather than what it said last', () => {
    expect(of(lone([20, {}]), new Set(['a']))).toMatchObject({ broken: null, leftOut: [] });
  });

  it('is none of a Lost node, which has not said that it is down', () => {
    expect(of(Array.from({ length: 120 }, () => []))).toMatchObject({ broken: null });
  });

  const waitedFor = (answered: number, abandoned: number): NodeInterval => ({
    ...node('a', { n: answered }),
    abandoned: [[bucketIndex(5_000_000), abandoned]],
  });
  const always = (one: NodeInterval) => Array.from({ length: 20 }, () => [one]);

  it('is broken when nearly nobody is answered', () => {
    expect(of(always(waitedFor(5, 295))).broken).toMatchObject({ why: 'unanswered' });
  });

  it('is not broken because many clients leave long polls by design', () => {
    const { baseline, broken } = of(always(waitedFor(150, 150)));
    expect(broken).toBeNull();
    expect(baseline!.err).toBeCloseTo(0.5);
  });

  it('is broken also where a gate allows half of the requests to fail', () => {
    const params = { ...defaultGateParams, limitErrorBasisPoints: 5000 };
    const polls = lone([20, dead]);
    expect(yardstickOf(polls, params, nobody).broken).toMatchObject({ err: 1 });
    expect(yardstickOf(lone([20, half]), params, nobody).broken).toBeNull();
  });
});
