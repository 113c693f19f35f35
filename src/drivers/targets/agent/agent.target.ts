import { Injectable } from '@nestjs/common';
import { assert } from '../../../kernel/assert.js';
import { limits } from '../../../kernel/limits.js';
import type { OpenContext } from '../../../platform/context.js';
import {
  DOWN_CODES,
  PASSING_CODES,
  type CutHook,
  type HookAnswer,
  type HookQuestion,
  type ModuleTarget,
  type Move,
  type MovedNode,
  type NodeObservation,
  type RunningPair,
  type Target,
} from '../target.js';
import { writeDesired } from './desired-state.js';
import { readCutHooks, writeHookAnswer } from './hook-answers.js';
import { isLostSql } from './node-health.js';
import { nodeTold } from './nodes.events.js';
import { lockNodes } from './nodes.store.js';
import { RUNNING_SQL } from './running-sql.js';

/**
 * Nodes that run the agent. A move only writes rows: the agents fetch them by long poll, and the
 * hint after the commit merely saves them the wait.
 */
@Injectable()
export class AgentTarget implements Target {
  readonly kind = 'agent';
  readonly title = 'Nodes with the Tidegate agent';

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
    return open.tx.query<NodeObservation>(OBSERVE_SQL, [
      open.tenantId,
      question.moduleId,
      question.nodeIds,
    ]);
  }

  cutHooks(open: OpenContext, question: HookQuestion): Promise<CutHook[]> {
    return readCutHooks(open, question);
  }

  async answerHooks(open: OpenContext, answer: HookAnswer): Promise<string[]> {
    const told = await writeHookAnswer(open, answer);
    for (const { nodeId } of told) await open.record(nodeTold(nodeId, {}));
    return told.map(({ name }) => name);
  }

  async running(open: OpenContext, clusterId: string, moduleId: string): Promise<RunningPair[]> {
    return open.tx.query<RunningPair>(RUNNING_SQL, [
      open.tenantId,
      clusterId,
      moduleId,
      DOWN_CODES,
      PASSING_CODES,
    ]);
  }

  async setTarget(open: OpenContext, target: ModuleTarget): Promise<void> {
    await open.tx.execute(
      `insert into module_targets as own
         (tenant_id, cluster_id, module_id, release_id, configuration_id, deployment_id)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (tenant_id, cluster_id, module_id) do update set
         release_id = excluded.release_id, configuration_id = excluded.configuration_id,
         deployment_id = excluded.deployment_id, updated_at = clock_timestamp()
       where own.deployment_id <> excluded.deployment_id`,
      [
        open.tenantId,
        target.clusterId,
        target.moduleId,
        target.releaseId,
        target.configurationId,
        target.deploymentId,
      ],
    );
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

const OBSERVE_SQL = `
  select node.id as "nodeId", coalesce(desired.generation, 0) as generation,
    coalesce(seen.generation, 0) as "observedGeneration", seen.state,
    coalesce(seen.running, '[]') as running, seen.reason, coalesce(seen.down, '[]') as down,
    presence.last_report_at as "lastReportAt",
    presence.cpu_millicores as "cpuMillicores", presence.memory_mib as "memoryMiB",
    case when node.revoked_at is not null then 'Revoked'
      when ${isLostSql('presence')} then 'Lost' else presence.health end as health
  from unnest($3::uuid[]) with ordinality as asked (node_id, position)
  join nodes node on node.tenant_id = $1 and node.id = asked.node_id
  left join node_presence presence on presence.tenant_id = $1 and presence.node_id = node.id
  left join desired_modules desired
    on desired.tenant_id = $1 and desired.node_id = node.id and desired.module_id = $2
  left join observed_modules seen
    on seen.tenant_id = $1 and seen.node_id = node.id and seen.module_id = $2
  order by asked.position`;
