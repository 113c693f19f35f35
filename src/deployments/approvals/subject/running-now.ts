/** What a cluster runs of a module now, and what a deployment would make of each of its nodes. */
import type { RunningPair } from '../../../drivers/targets/target.js';
import { movesOf, type Plan } from '../../../engine/plan.js';
import type { NodeFact } from '../../../fleet/fleet.queries.js';

/** Release and configuration that some nodes run alike. */
export interface RunningGroup {
  readonly releaseId: string;
  readonly configurationId: string | null;
  /** By name. */
  readonly nodes: readonly string[];
  /** Those of them where the release is down. */
  readonly down: readonly string[];
}

/** The most common first: it is what a new release is compared with. Of as many, the newer release. */
export function runningGroups(
  nodes: readonly NodeFact[],
  running: readonly RunningPair[],
): RunningGroup[] {
  const byNode = new Map(running.map((pair) => [pair.nodeId, pair]));
  const groups = new Map<string, RunningGroup & { nodes: string[]; down: string[] }>();
  for (const { id, name } of nodes) {
    const pair = byNode.get(id);
    if (!pair?.releaseId) continue;
    const { releaseId, configurationId } = pair;
    const key = `${releaseId} ${configurationId}`;
    const group = groups.get(key) ?? { releaseId, configurationId, nodes: [], down: [] };
    group.nodes.push(name);
    if (pair.down) group.down.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].sort(
    (one, other) =>
      other.nodes.length - one.nodes.length || (one.releaseId < other.releaseId ? 1 : -1),
  );
}

export interface NodeChange {
  readonly name: string;
  readonly state: NodeFact['state'];
  /** In which it is moved; null: it is left out, and gets what its cluster runs when it returns. */
  readonly wave: number | null;
  readonly change: 'added' | 'changed' | 'same' | 'left-out';
  /** The version that it runs; null: nothing of this module. */
  readonly before: string | null;
  readonly after: string | null;
}

interface Coming {
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly version: string;
}

/** Of the nodes that are there now; the plan may be older, and is made anew before anything moves. */
export function nodeChanges(
  nodes: readonly NodeFact[],
  running: readonly RunningPair[],
  plan: Plan | undefined,
  coming: Coming,
): NodeChange[] {
  const byNode = new Map(running.map((pair) => [pair.nodeId, pair]));
  const waves = wavesOf(plan);
  return nodes.map(({ id, name, state }) => {
    const pair = byNode.get(id);
    const before = pair?.releaseId ? (pair.version ?? null) : null;
    const wave = waves.get(id) ?? null;
    if (state !== 'Healthy')
      return { name, state, wave: null, change: 'left-out', before, after: before };
    const isSame =
      pair?.releaseId === coming.releaseId && pair.configurationId === coming.configurationId;
    const change = isSame ? 'same' : pair?.releaseId ? 'changed' : 'added';
    return { name, state, wave, change, before, after: coming.version };
  });
}

/** The first one that moves each node. */
function wavesOf(plan: Plan | undefined): Map<string, number> {
  const waves = new Map<string, number>();
  for (const step of plan?.steps ?? []) {
    for (const { nodeId } of movesOf(step)) if (!waves.has(nodeId)) waves.set(nodeId, step.wave);
  }
  return waves;
}
