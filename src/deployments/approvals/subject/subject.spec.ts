import type { RunningPair } from '../../../drivers/targets/target.js';
import { planOf } from '../../../../test/support/engine-rig.js';
import { gates } from '../../gates/gates.js';
import { comparedLimits, otherStrategy } from './compared-choices.js';
import { nodeChanges, runningGroups } from './running-now.js';

const node = (name: string, state = 'Healthy') =>
  ({ id: name, name, state, labels: {}, lastReportAt: null }) as Parameters<
    typeof runningGroups
  >[0][number];
const runs = (nodeId: string, releaseId: string | null, more: Partial<RunningPair> = {}) => ({
  nodeId,
  releaseId,
  releaseDigest: releaseId,
  configurationId: null,
  version: releaseId,
  ...more,
});

describe('what runs now', () => {
  it('is grouped by release and configuration, the most common first', () => {
    const nodes = ['n1', 'n2', 'n3', 'n4'].map((name) => node(name));
    const running = [
      runs('n1', 'r1'),
      runs('n2', 'r2', { configurationId: 'c1' }),
      runs('n3', 'r2', { configurationId: 'c1', down: 'crash-loop' }),
      runs('n4', null),
    ];
    expect(runningGroups(nodes, running)).toEqual([
      { releaseId: 'r2', configurationId: 'c1', nodes: ['n2', 'n3'], down: ['n3'] },
      { releaseId: 'r1', configurationId: null, nodes: ['n1'], down: [] },
    ]);
  });

  it('of two releases on as many nodes is the newer one', () => {
    const groups = runningGroups([node('n1'), node('n2')], [runs('n1', 'a'), runs('n2', 'b')]);
    expect(groups.map(({ releaseId }) => releaseId)).toEqual(['b', 'a']);
  });
});

it('says of each node what it runs, what it will run, and in which wave', () => {
  const nodes = [node('node-1'), node('node-2'), node('n3'), node('n4', 'Lost')];
  const running = [runs('node-1', 'r1'), runs('n3', 'r2'), runs('n4', 'r1')];
  const coming = { releaseId: 'r2', configurationId: null, version: '2' };
  expect(nodeChanges(nodes, running, planOf(2), coming)).toMatchObject([
    { name: 'node-1', wave: 1, change: 'changed', before: 'r1', after: '2' },
    { name: 'node-2', wave: 2, change: 'added', before: null, after: '2' },
    { name: 'n3', wave: null, change: 'same', before: 'r2', after: '2' },
    { name: 'n4', wave: null, change: 'left-out', before: 'r1', after: 'r1' },
  ]);
});

describe('a gate beside its environment’s', () => {
  const gate = gates.get('stabilization');
  const params = gate.params.parse({});
  const stricter = {
    ...params,
    consecutiveStableChecks: Number(params.consecutiveStableChecks) + 1,
  };
  const standings = (here: typeof params, there: typeof params) =>
    comparedLimits(gate, { kind: gate.kind, params: here }, { kind: gate.kind, params: there })
      .filter(({ standing }) => standing !== 'same')
      .map(({ name, standing }) => [name, standing]);

  it('is the same, stricter or looser, limit by limit', () => {
    expect(standings(params, params)).toEqual([]);
    expect(standings(stricter, params)).toEqual([['consecutiveStableChecks', 'stricter']]);
    expect(standings(params, stricter)).toEqual([['consecutiveStableChecks', 'looser']]);
  });

  it('of another kind is compared with nothing', () => {
    const compared = comparedLimits(
      gate,
      { kind: gate.kind, params },
      { kind: 'utilization', params: { minWaitMs: 1 } },
    );
    expect(new Set(compared.map(({ standing }) => standing))).toEqual(new Set(['other']));
    expect(compared.every(({ environment }) => environment === null)).toBe(true);
  });
});

it('a strategy is compared by its kind and its parameters', () => {
  const canary = { kind: 'canary', params: { wavesPercent: [10, 100] } };
  expect(otherStrategy(canary, canary).changes).toEqual([]);
  const direct = { kind: 'direct', params: {} };
  expect(otherStrategy(direct, canary).changes).toMatchObject([
    { path: '/kind', before: 'canary', after: 'direct' },
    { path: '/wavesPercent/0', change: 'removed', before: 10 },
    { path: '/wavesPercent/1', change: 'removed', before: 100 },
  ]);
});
