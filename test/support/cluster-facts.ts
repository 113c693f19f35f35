/** Clusters of any shape for the tests of strategies. */
import fc from 'fast-check';
import type { Pair } from '../../src/engine/plan.js';
import type { PlanNode, StrategyFacts } from '../../src/deployments/strategies/strategy.js';
import { planNodes } from '../../src/deployments/planning/plan-nodes.js';
import { NODE_STATES, type NodeState } from '../../src/fleet/nodes/node-state.js';
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
    approval: null,
    minAvailable: 0,
    ...rest,
  };
}

export function nodeOf(index: number, change: Partial<PlanNode> = {}): PlanNode {
  const name = `node-${String(index + 1).padStart(3, '0')}`;
  return { nodeId: `id-${index + 1}`, name, labels: {}, from: pairOf('old'), ...change };
}

/** A node in any state that the platform knows, running any version or none. */
const anyNode = fc.record({
  state: fc.oneof(
    { weight: 6, arbitrary: fc.constant<NodeState>('Healthy') },
    { weight: 2, arbitrary: fc.constantFrom(...NODE_STATES) },
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
  down: fc.option(fc.constantFrom('crash-loop', 'unhealthy'), { freq: 1 }),
});

export interface AnyCluster {
  /** As the planner hands them to a strategy: it has chosen the nodes. */
  readonly facts: StrategyFacts;
  /** By its id, every node that a rollout must move, and what it runs: told without the planner. */
  readonly serving: ReadonlyMap<string, Pair | null>;
  /** All the others. */
  readonly leftOut: ReadonlySet<string>;
}

/** 1 to 500 nodes with any labels, states and versions; at least one serves. */
export const anyCluster: fc.Arbitrary<AnyCluster> = fc
  .record({
    nodes: fc.oneof(
      fc.array(anyNode, { minLength: 1, maxLength: 12 }),
      fc.array(anyNode, { minLength: 1, maxLength: 500, size: 'max' }),
    ),
    overlaps: fc.boolean(),
    hasTraffic: fc.boolean(),
    minAvailable: fc.integer({ min: 0, max: 4 }),
    configurationId: fc.option(fc.constantFrom('c1', 'c2')),
  })
  .map(({ nodes, overlaps, hasTraffic, minAvailable, configurationId }) => {
    const all = nodes.map(({ state, labels, from, down }, index) => {
      const pair = from && pairOf(from.release, from.configurationId);
      const { nodeId, name } = nodeOf(index);
      const isAt = { from: pair, state: index === 0 ? healthy : state };
      return { nodeId, name, labels, ...isAt, down: pair && down };
    });
    // In no order: neither list promises one.
    const given = all.toReversed();
    const facts = given.map(({ nodeId: id, name, labels, state }) => ({
      id,
      name,
      labels,
      state,
      lastReportAt: null,
    }));
    const running = all.map(({ nodeId, from, down }) => ({
      nodeId,
      down,
      version: from && '1.0.0',
      ...(from ?? nothing),
    }));
    const isServing = ({ state }: { state: NodeState }) => state === 'Healthy';
    return {
      facts: factsOf({
        nodes: planNodes(facts, running),
        to: pairOf('new', configurationId),
        overlaps: overlaps || hasTraffic,
        hasTraffic,
        minAvailable,
      }),
      serving: new Map(all.filter(isServing).map(({ nodeId, from }) => [nodeId, from])),
      leftOut: new Set(all.filter((node) => !isServing(node)).map(({ nodeId }) => nodeId)),
    };
  });

const healthy: NodeState = 'Healthy';
const nothing = { releaseId: null, releaseDigest: null, configurationId: null };
