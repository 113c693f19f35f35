/** Clusters of any shape for the tests of strategies. */
import fc from 'fast-check';
import type { Pair } from '../../src/engine/plan.js';
import type { PlanNode, StrategyFacts } from '../../src/deployments/strategies/strategy.js';
import { stabilizationParams } from '../../src/deployments/gates/stabilization/stabilization-params.js';

export const pairOf = (release: string, configurationId: string | null = null): Pair => ({
  releaseId: release,
  releaseDigest: `sha256:${release}`,
  configurationId,
});

export const gateChoice = {
  kind: 'stabilization',
  params: stabilizationParams.parse({}),
  maxWaitMs: 1_800_000,
};

export function factsOf(change: Partial<StrategyFacts> & { count?: number } = {}): StrategyFacts {
  const { count = 6, ...rest } = change;
  return {
    to: pairOf('new'),
    nodes: Array.from({ length: count }, (_, index) => nodeOf(index)),
    gate: gateChoice,
    convergeMs: 60_000,
    signatureRequired: false,
    overlaps: true,
    hasTraffic: true,
    smokeTests: [],
    minAvailable: 0,
    ...rest,
  };
}

export function nodeOf(index: number, change: Partial<PlanNode> = {}): PlanNode {
  const name = `node-${String(index + 1).padStart(3, '0')}`;
  return { nodeId: `id-${index + 1}`, name, labels: {}, from: pairOf('old'), ...change };
}

type State = 'Healthy' | 'Unhealthy' | 'Lost' | 'Cordoned';

/** What the planner reads of one node; only Healthy ones get into the facts. */
const anyNode = fc.record({
  state: fc.oneof(
    { weight: 6, arbitrary: fc.constant<State>('Healthy') },
    { weight: 2, arbitrary: fc.constantFrom<State>('Unhealthy', 'Lost', 'Cordoned') },
  ),
  labels: fc.record(
    {
      zone: fc.constantFrom('a', 'b', 'c'),
      rack: fc.constantFrom('1', '2'),
      color: fc.constantFrom('blue', 'green'),
    },
    { requiredKeys: [] },
  ),
  from: fc.option(
    fc.record({
      release: fc.constantFrom('old', 'older', 'new'),
      configurationId: fc.option(fc.constantFrom('c1', 'c2')),
    }),
    { freq: 6 },
  ),
});

/** 1 to 500 nodes with any labels, states and versions. */
export const anyFacts: fc.Arbitrary<StrategyFacts> = fc
  .record({
    cluster: fc.oneof(
      fc.array(anyNode, { minLength: 1, maxLength: 12 }),
      fc.array(anyNode, { minLength: 1, maxLength: 500, size: 'max' }),
    ),
    overlaps: fc.boolean(),
    hasTraffic: fc.boolean(),
    minAvailable: fc.integer({ min: 0, max: 4 }),
    configurationId: fc.option(fc.constantFrom('c1', 'c2')),
  })
  .map(({ cluster, overlaps, hasTraffic, minAvailable, configurationId }) => {
    const nodes = cluster
      .map((node, index) => ({ node, index }))
      .filter(({ node, index }) => index === 0 || node.state === 'Healthy')
      .map(({ node, index }) => {
        const from = node.from && pairOf(node.from.release, node.from.configurationId);
        return nodeOf(index, { labels: node.labels, from });
      });
    const to = pairOf('new', configurationId);
    return factsOf({ nodes, to, overlaps: overlaps || hasTraffic, hasTraffic, minAvailable });
  });
