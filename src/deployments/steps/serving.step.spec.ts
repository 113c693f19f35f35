import { factsOf, nodeOf } from '../../../test/support/cluster-facts.js';
import type { NodeObservation } from '../../drivers/targets/target.js';
import { rolling } from '../strategies/rolling.strategy.js';
import type { StrategyFacts } from '../strategies/strategy.js';
import { stepTypes } from '../strategies/step-types.js';
import { servingState } from './serving.step.js';

const seen = (node: number, change: Partial<NodeObservation> = {}): NodeObservation => ({
  nodeId: `id-${node}`,
  generation: 1,
  observedGeneration: 1,
  state: 'healthy',
  running: [{ releaseId: 'old', configurationId: null, instance: `i-${node}` }],
  reason: null,
  lastReportAt: new Date(),
  health: 'Healthy',
  cpuMillicores: 2000,
  memoryMiB: 2000,
  ...change,
});

const lost = { health: 'Lost' } as const;

/** Asks before batch `batch` of six nodes, with some of them changed. */
function ask(
  params: Record<string, unknown>,
  batch: number,
  changed: Record<number, Partial<NodeObservation>> = {},
  facts: StrategyFacts = factsOf({ count: 6 }),
) {
  const plan = rolling.plan(facts, rolling.params.parse(params));
  const step = stepTypes.serving.inWave(plan, batch)!;
  const observed = facts.nodes.map((_, index) => seen(index + 1, changed[index + 1]));
  return servingState({ plan, step }, observed, facts.minAvailable);
}

describe('before a batch', () => {
  it('goes on while all serve', () => {
    expect(ask({ maxUnavailable: 2 }, 2)).toMatchObject({ isEnough: true, serving: 6 });
  });

  it('waits when a node has died, and names it', () => {
    expect(ask({ maxUnavailable: 2 }, 2, { 6: lost })).toEqual({
      isEnough: false,
      serving: 5,
      detail:
        'this batch would leave 3 serving nodes, at least 4 must stay. Not serving: node-006.',
    });
  });

  it('goes on when the dead node is one of the batch itself', () => {
    expect(ask({ maxUnavailable: 2 }, 1, { 2: lost })).toMatchObject({ isEnough: true });
  });

  it('counts a node that was moved and does not serve any more', () => {
    expect(ask({ maxUnavailable: 1 }, 2, { 1: lost })).toMatchObject({ isEnough: false });
  });

  it.each([
    ['reports that it crashes', { state: 'failed', reason: { code: 'crash-loop', message: '' } }],
    ['cannot open its port', { state: 'failed', reason: { code: 'port-in-use', message: '' } }],
    ['has no front', { state: 'converging', reason: { code: 'front-unreachable', message: '' } }],
    ['runs nothing', { running: [] }],
    ['was revoked', { health: 'Revoked' }],
  ] as const)('does not count on a node that %s', (_, change) => {
    expect(ask({ maxUnavailable: 1 }, 2, { 5: change })).toMatchObject({ isEnough: false });
  });

  it('does not keep a batch of nodes that are down from getting what may bring them back', () => {
    const down = { state: 'failed', reason: { code: 'crash-loop', message: '' } } as const;
    const changed = { 1: down, 2: down, 3: down, 4: down };
    expect(ask({ maxUnavailable: 2 }, 2, changed)).toMatchObject({ isEnough: true, serving: 2 });
    expect(ask({ maxUnavailable: 2 }, 3, changed)).toMatchObject({ isEnough: false, serving: 2 });
  });

  it('says whose doing it is when a node that was moved is down, and nobody’s when one is not', () => {
    const down = { state: 'failed', reason: { code: 'crash-loop', message: '' } } as const;
    expect(ask({ maxUnavailable: 1 }, 2, { 1: down })).toMatchObject({ cause: 'release' });
    expect(ask({ maxUnavailable: 1 }, 2, { 5: down }).cause).toBeUndefined();
    expect(ask({ maxUnavailable: 1 }, 2, { 1: { ...down, ...lost } }).cause).toBeUndefined();
  });

  it('does not count on a node whose release does not answer, whatever it failed at before', () => {
    const unwell = { releaseId: 'old', configurationId: null, code: 'unhealthy', message: '' };
    const reason = { code: 'never-healthy', message: '' };
    const stuck = { state: 'failed', reason, down: [unwell] } as const;
    expect(ask({ maxUnavailable: 1 }, 2, { 5: stuck })).toMatchObject({ isEnough: false });
  });

  it('counts on a node that went back to what ran before', () => {
    const wentBack = { state: 'failed', reason: { code: 'never-healthy', message: '' } } as const;
    expect(ask({ maxUnavailable: 1 }, 2, { 5: wentBack })).toMatchObject({ isEnough: true });
  });

  it('lets a surge go on, because its nodes serve all the time, unless one is away', () => {
    const surge = { maxUnavailable: 0, maxSurge: 2 };
    expect(ask(surge, 1)).toMatchObject({ isEnough: true });
    expect(ask(surge, 1, { 6: lost })).toMatchObject({ isEnough: false });
  });

  it('does not miss nodes that have never run the module', () => {
    const nodes = [0, 1, 2].map((index) => nodeOf(index, { from: null }));
    const nothing = { running: [], state: null } as const;
    const all = { 1: nothing, 2: nothing, 3: nothing };
    expect(ask({}, 1, all, factsOf({ nodes }))).toMatchObject({ isEnough: true });
    expect(ask({}, 3, all, factsOf({ nodes }))).toMatchObject({ isEnough: false });
  });

  it('never goes below what the cluster needs', () => {
    const facts = factsOf({ count: 6, minAvailable: 5 });
    expect(ask({ maxUnavailable: 2 }, 2, {}, facts)).toMatchObject({ isEnough: true });
    expect(ask({ maxUnavailable: 2 }, 2, { 6: lost }, facts)).toMatchObject({ isEnough: false });
  });

  it('can begin where no node may be away at all, if old and new run side by side', () => {
    const facts = factsOf({ count: 2, minAvailable: 2 });
    expect(ask({}, 1, {}, facts)).toMatchObject({ isEnough: true });
  });
});
