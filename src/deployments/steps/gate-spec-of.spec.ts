import { factsOf, nodeOf, pairOf } from '../../../test/support/cluster-facts.js';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import type { NodeObservation } from '../../drivers/targets/target.js';
import { emptyJournal, type StepRecord } from '../../engine/journal.js';
import type { NodeMove } from '../../engine/plan.js';
import { canary } from '../strategies/canary.strategy.js';
import { intervalRequests, recentRequests, sampleOf } from '../gates/gate-sample.js';
import type { GateSpec } from '../gates/gate-spec.js';
import { stepTypes } from '../strategies/step-types.js';
import { gateSpecOf, withCapacity, withOnlyNew } from './gate-spec-of.js';

const wave = [0, 1].map((index) => {
  const { nodeId, name } = nodeOf(index);
  return { nodeId, name };
});

const spec: GateSpec = {
  kind: 'utilization',
  version: 1,
  params: { pollIntervalMs: 1000 },
  moduleId: 'm',
  baselines: { firstRelease: true, wave: null, earlier: null, control: null, first: null },
  targetKind: 'agent',
  movedAt: 0,
  samplesBefore: 0,
  wave,
  earlier: [],
  control: [],
  first: [],
};

const seen = (index: number, change: Partial<NodeObservation> = {}): NodeObservation => ({
  nodeId: `id-${index + 1}`,
  generation: 1,
  observedGeneration: 1,
  state: 'healthy',
  running: [
    { releaseId: 'old', configurationId: 'c1', instance: `blue-${index}` },
    { releaseId: 'old', configurationId: 'c2', instance: `green-${index}` },
  ],
  reason: null,
  lastReportAt: null,
  health: 'Healthy',
  cpuMillicores: 2000,
  memoryMiB: 1000,
  ...change,
});

const watchedTo = (toMs: number) => ({
  fromMs: 0,
  toMs,
  watchedMs: toMs,
  watchedSince: 0,
  isGap: false,
});

const both = [seen(0), seen(1)];
const move = (index: number, change: Partial<NodeMove>): NodeMove => ({
  ...nodeOf(index),
  from: pairOf('old', 'c1'),
  to: pairOf('new'),
  percent: 10,
  ...change,
});

function usage(own: GateSpec, intervals: readonly Partial<NodeInterval>[]) {
  const all = intervals.map((interval, index) => ({
    nodeId: `id-${index + 1}`,
    requests: 0,
    errors: 0,
    histogram: [],
    cpuCores: 0,
    memoryMiBMin: 0,
    lastSampleAt: 1000,
    sinceMs: 0,
    counterResets: 0,
    samples: 1,
    ...interval,
  }));
  const poll = { tenantId: 't', id: 'd', spec: own, ...watchedTo(1000) };
  return sampleOf(poll, new Map([['d:wave', all]]), new Map()).sample.usage;
}

describe('how full a wave’s nodes are', () => {
  it('is the share of the fullest node’s cores, and of its memory', () => {
    const own = withCapacity(spec, both, { memoryMiB: null });
    const intervals = [
      { cpuCores: 0.5, memoryMiBMin: 900 },
      { cpuCores: 1, memoryMiBMin: 100 },
    ];
    expect(usage(own, intervals)).toEqual({
      cpu: { node: 'node-002', percent: 50 },
      memory: { node: 'node-001', percent: 90 },
    });
  });

  it('takes the memory that the release asked for, when it did', () => {
    const own = withCapacity(spec, both, { memoryMiB: 200 });
    expect(usage(own, [{ memoryMiBMin: 50 }, { memoryMiBMin: 150 }])).toMatchObject({
      memory: { node: 'node-002', percent: 75 },
    });
  });

  it('is not known when one node is silent, or has not said what it has', () => {
    const own = withCapacity(spec, both, { memoryMiB: null });
    expect(usage(own, [{ cpuCores: 1 }])).toEqual({ cpu: null, memory: null });
    const mute = withCapacity(spec, [seen(0), seen(1, { cpuMillicores: null })], {
      memoryMiB: null,
    });
    expect(usage(mute, [{}, {}])).toMatchObject({ cpu: null, memory: { percent: 0 } });
  });
});

describe('a gate', () => {
  const plan = canary.plan(factsOf(), canary.params.parse({ wavesPercent: [50, 100] }));
  const gate = plan.steps.filter((step) => stepTypes.gate.is(step)).at(-1)!;
  const baseline = { firstRelease: true, wave: null, earlier: null, control: null };
  const record: StepRecord = {
    startedAt: 0,
    pausedMsBefore: 0,
    attempt: 1,
    status: 'succeeded',
    endedAt: 0,
    terminal: false,
    message: null,
    output: baseline,
  };
  const watched = (notes: readonly object[], output: object = {}) =>
    gateSpecOf(
      {
        key: { kind: 'deployment', tenantId: 't', id: 'd' },
        step: gate,
        plan,
        planNumber: 1,
        attempt: 1,
        startedAt: 0,
        now: 0,
        gate: null,
        abort: new AbortController().signal,
        journal: {
          ...emptyJournal,
          notes: notes as never,
          steps: new Map([
            [`1:w${gate.wave}.baseline`, record],
            ['1:w1.converge', { ...record, output: { ...output } }],
          ]),
        },
      },
      { module: { id: 'm' }, cluster: { targetKind: 'agent' } } as never,
    );
  const namesOf = ({ wave, earlier }: GateSpec) => [...wave, ...earlier].map(({ name }) => name);

  it('watches all nodes that were moved', () => {
    expect(namesOf(watched([]))).toHaveLength(6);
  });

  it.each<[string, object[], object]>([
    ['an earlier gate has left out', [{ leftOut: ['node-001'] }], {}],
    ['never converged', [], { leftOut: ['node-001'] }],
  ])('does not wait for what %s', (_, notes, output) => {
    const names = namesOf(watched(notes, output));
    expect(names).toHaveLength(5);
    expect(names).not.toContain('node-001');
  });
});

describe('where old and new run side by side', () => {
  it('only the new release is read', () => {
    const own = withOnlyNew(spec, [move(0, {}), move(1, { from: null, percent: undefined })], both);
    expect(own.only).toEqual({ releaseId: 'new' });
    const poll = { tenantId: 't', id: 'd', spec: own, ...watchedTo(1) };
    const requests = [...intervalRequests(poll), ...recentRequests(poll, new Map())];
    expect(requests.map(({ releaseId }) => releaseId)).toEqual(['new', 'new']);
  });

  it('the old instances are left out when only the configuration differs', () => {
    const moves = [0, 1].map((index) => move(index, { to: pairOf('old', 'c2') }));
    expect(withOnlyNew(spec, moves, both).only).toEqual({ exceptInstances: ['blue-0', 'blue-1'] });
  });

  it('nothing is left out once the new release is alone', () => {
    const { percent: _, ...alone } = move(0, {});
    expect(withOnlyNew(spec, [alone], both)).toBe(spec);
  });
});
