import type { RunningPair } from '../../drivers/targets/target.js';
import type { Pair } from '../../engine/plan.js';
import type { NodeFact } from '../../fleet/fleet.queries.js';
import type { PlanNode } from '../strategies/strategy.js';

/** Cordoned, Lost and Unhealthy nodes are left out; they get the cluster's target when they return. */
export function planNodes(nodes: readonly NodeFact[], running: readonly RunningPair[]): PlanNode[] {
  const byNode = new Map(running.map((pair) => [pair.nodeId, pair]));
  return nodes
    .filter(({ state }) => state === 'Healthy')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ id, name, labels }) => {
      const own = byNode.get(id);
      return { nodeId: id, name, labels, from: pairOf(own), ...downOf(own) };
    });
}

function downOf(running: RunningPair | undefined): Pick<PlanNode, 'wasDown'> {
  if (!running?.down) return {};
  return { wasDown: { version: running.version ?? '', code: running.down } };
}

function pairOf(running: RunningPair | undefined): Pair | null {
  if (!running?.releaseId || !running.releaseDigest) return null;
  const { releaseId, releaseDigest, configurationId } = running;
  return { releaseId, releaseDigest, configurationId };
}
