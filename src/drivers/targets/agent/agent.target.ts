import { Injectable } from '@nestjs/common';
import { assert } from '../../../kernel/assert.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import {
  type ModuleTarget,
  type Move,
  type MovedNode,
  type NodeObservation,
  type RunningPair,
  type Target,
} from '../target.js';
import { agentHooks } from './agent-hooks.js';
import { writeDesired } from './desired.store.js';
import { failureLogHeads, newestFailureLog } from './failure-logs.queries.js';
import { nodeTold } from './nodes.events.js';
import { lockNodes } from './nodes.store.js';
import { setModuleTarget } from './module-targets.store.js';
import { observeNodes } from './observed.queries.js';
import { ReleaseFacts } from './release-facts.js';

/**
 * Nodes that run the agent. A move only writes rows: the agents fetch them by long poll, and the
 * hint after the commit merely saves them the wait.
 */
@Injectable()
export class AgentTarget implements Target {
  readonly kind = 'agent';
  readonly title = 'Nodes with the Tidegate agent';
  readonly hooks = agentHooks;
  readonly failureLogs = { heads: failureLogHeads, newest: newestFailureLog };

  constructor(private readonly releases: ReleaseFacts) {}

  async move(open: OpenContext, move: Move): Promise<MovedNode[]> {
    checkMove(move);
    const nodeIds = move.assignments.map((assignment) => assignment.nodeId);
    if (nodeIds.length === 0) return [];
    const present = await lockNodes(open, nodeIds, move.clusterId);
    const assignments = move.assignments.filter(({ nodeId }) => present.has(nodeId));
    if (assignments.length === 0) return [];
    const { moved, changedNodeIds } = await writeDesired(open, { ...move, assignments });
    for (const nodeId of changedNodeIds) await open.record(nodeTold(nodeId, {}));
    return moved;
  }

  async observe(
    open: OpenContext,
    question: { moduleId: string; nodeIds: readonly string[] },
  ): Promise<NodeObservation[]> {
    return observeNodes(open, question);
  }

  async running(open: OpenContext, clusterId: string, moduleId: string): Promise<RunningPair[]> {
    return this.releases.running(open, clusterId, moduleId);
  }

  async setTarget(open: OpenContext, target: ModuleTarget): Promise<void> {
    await setModuleTarget(open, target);
  }
}

/** A plan was checked long before: what fails here is our own mistake. */
function checkMove(move: Move): void {
  assert(move.assignments.length <= limits.nodesPerWave, 'a wave moves too many nodes at once');
  const nodeIds = new Set(move.assignments.map((assignment) => assignment.nodeId));
  assert(nodeIds.size === move.assignments.length, 'a node is assigned twice in one move');
  for (const { releases } of move.assignments) {
    if (releases.length === 0) continue;
    const sum = releases.reduce((percent, release) => percent + release.trafficPercent, 0);
    assert(releases.length <= 2 && sum === 100, 'the traffic of a node must sum up to 100 %');
  }
}
