// Writes what a wave's nodes shall run. One transaction, whatever the wave's size; the agents do
// the rest by themselves. Forward and undo are the same step with other pairs.
import { Injectable } from '@nestjs/common';
import { digestOf } from '../../kernel/digest.js';
import type { Smoke } from '../../kernel/smoke-test.js';
import type { DesiredPair } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import { movesOf, type NodeMove } from '../../engine/plan.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { waveMoved } from '../deployments.events.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import { StartGuards } from '../windows/start-guards.js';
import { heldOutcome, startOf } from './held-outcome.js';
import { movedNodes } from './moved-nodes.js';

type Move = typeof stepTypes.move;

@Injectable()
export class MoveStep implements HandlerOf<Move> {
  readonly kind = stepTypes.move.kind;
  readonly title = stepTypes.move.title;
  readonly mode = 'transaction';

  constructor(
    private readonly targets: Targets,
    private readonly guards: StartGuards,
  ) {}

  async run(open: OpenContext, call: CallOf<Move>): Promise<OutcomeOf<Move>> {
    const { key, step, plan } = call;
    const spec = await specOf(open, key.id);
    if (plan.role === 'forward') {
      const held = await this.guards.beforeWave(open, startOf(call, spec));
      if (held) return heldOutcome(call, held);
    }
    const moved = await this.targets.get(spec.cluster.targetKind).move(open, {
      clusterId: spec.cluster.id,
      moduleId: spec.module.id,
      deploymentId: key.id,
      assignments: movesOf(step).map((move) => ({
        nodeId: move.nodeId,
        releases: releasesOf(move, step.params.smoke),
      })),
      signatureRequired: step.params.signatureRequired,
    });
    const byNode = new Map(moved.map(({ nodeId, generation }) => [nodeId, generation]));
    const generations = movesOf(step).map(({ nodeId }) => byNode.get(nodeId) ?? null);
    await open.record(waveMoved(key.id, movedIn(call, generations)));
    return { outcome: 'done', output: { generations } };
  }
}

function movedIn(
  { step, plan, planNumber }: CallOf<Move>,
  generations: readonly (number | null)[],
) {
  const nodes = movedNodes(step, generations);
  const { id, wave } = step;
  const { digest: nodesDigest } = digestOf('nodes', nodes);
  return { plan: planNumber, role: plan.role, step: id, wave, nodes: nodes.length, nodesDigest };
}

/** The old release first: it is what the node goes back to when the new one cannot be started. */
function releasesOf({ from, to, percent }: NodeMove, smoke?: Smoke): DesiredPair[] {
  if (!to) return [];
  const wanted = smoke ? { ...to, smoke } : to;
  if (percent === undefined || !from) return [{ ...wanted, trafficPercent: 100 }];
  return [
    { ...from, trafficPercent: 100 - percent, isKept: true },
    { ...wanted, trafficPercent: percent },
  ];
}
