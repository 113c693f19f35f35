import { Injectable } from '@nestjs/common';
import { assert } from '../../kernel/assert.js';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { digestOf } from '../../kernel/digest.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { RunningPair } from '../../drivers/targets/target.js';
import { checkPlan, leavesTooFew } from '../strategies/check-plan.js';
import type { Pair, Plan } from '../../engine/plan.js';
import { nodesOfCluster, type NodeFact } from '../../fleet/fleet.queries.js';
import type { OpenContext } from '../../platform/context.js';
import { noServingNodes } from '../deployment.errors.js';
import { strategies } from '../strategies/strategies.js';
import { planNotPossible } from '../strategies/strategy.errors.js';
import { timeoutOf } from '../approvals/timeout.js';
import type { DeploymentSpec } from './deployment-spec.js';
import { planNodes } from './plan-nodes.js';

export interface PlannedDeployment {
  readonly plan: Plan;
  readonly planText: string;
  readonly planDigest: string;
  /** What the plan was made from: the nodes, what they ran, and who was left out. */
  readonly factsText: string;
}

/** Reads the present facts of a cluster and lets the strategy make its plan of them. */
@Injectable()
export class Planner {
  constructor(private readonly targets: Targets) {}

  /** Throws `no-serving-nodes`; a plan that breaks an invariant is our own mistake. */
  async plan(open: OpenContext, spec: DeploymentSpec): Promise<PlannedDeployment> {
    const nodes = await nodesOfCluster(open, spec.cluster.id);
    const running = await this.targets
      .get(spec.cluster.targetKind)
      .running(open, spec.cluster.id, spec.module.id);
    const serving = planNodes(nodes, running);
    if (serving.length === 0) {
      throw noServingNodes(`cluster "${spec.cluster.name}" of ${spec.environment.name}`, nodes);
    }
    const strategy = strategies.get(spec.strategy.kind);
    const plan = strategy.plan(
      {
        to: targetPair(spec),
        nodes: serving,
        gate: { ...spec.gate, maxWaitMs: Number(spec.gate.params.maxWaitMs ?? DEFAULT_GATE_MS) },
        convergeMs: spec.convergeMs,
        signatureRequired: spec.signaturePolicy === 'required',
        overlaps: spec.overlaps,
        hasTraffic: spec.hasTraffic,
        smokeTests: spec.smokeTests,
        minAvailable: spec.cluster.minAvailable,
        approval: approvalOf(spec),
      },
      spec.strategy.params,
    );
    const { minAvailable } = spec.cluster;
    const asks = spec.approvals.length > 0;
    const facts = { servingNodes: serving.length, minAvailable, overlaps: spec.overlaps, asks };
    const problems = checkPlan(plan, facts);
    if (leavesTooFew(plan, facts).length > 0) {
      throw planNotPossible(`${problems.join('; ')}.`);
    }
    assert(problems.length === 0, `unsound plan of "${strategy.kind}": ${problems.join('; ')}`);
    const { text, digest } = digestOf('plan', plan);
    return { plan, planText: text, planDigest: digest, factsText: factsText(nodes, running) };
  }
}

const DEFAULT_GATE_MS = 1_800_000;
/** Who has not decided in time is told so by the step itself, before its own deadline. */
const APPROVAL_SLACK_MS = 60_000;

function approvalOf({ approvals }: DeploymentSpec): { deadlineMs: number } | null {
  if (approvals.length === 0) return null;
  return { deadlineMs: timeoutOf(approvals) + APPROVAL_SLACK_MS };
}

export function targetPair(spec: DeploymentSpec): Pair {
  return {
    releaseId: spec.release.id,
    releaseDigest: spec.release.releaseDigest,
    configurationId: spec.configuration?.id ?? null,
  };
}

function factsText(nodes: readonly NodeFact[], running: readonly RunningPair[]): string {
  const byNode = new Map(running.map((pair) => [pair.nodeId, pair.releaseId]));
  return canonicalJson(
    nodes.map(({ id, name, state, labels }) => ({
      id,
      name,
      state,
      labels,
      releaseId: byNode.get(id) ?? null,
    })),
  );
}
