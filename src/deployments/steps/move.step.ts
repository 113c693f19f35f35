// Writes what a wave's nodes shall run. One transaction, whatever the wave's size; the agents do
// the rest by themselves. Forward and undo are the same step with other pairs.
import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import { movesOf } from '../../engine/plan.js';
import type { StepHandler, StepOutcome, StepRun } from '../../engine/step-handler.js';
import type { Context } from '../../platform/context.js';
import { specOf } from '../runs/spec-of.js';

@Injectable()
export class MoveStep implements StepHandler {
  readonly kind = 'move';
  readonly title = 'Tell nodes what to run';
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(ctx: Context, { key, step }: StepRun): Promise<StepOutcome> {
    const spec = await specOf(ctx, key.id);
    const moved = await this.targets.get(spec.cluster.targetKind).move(ctx, {
      clusterId: spec.cluster.id,
      moduleId: spec.module.id,
      deploymentId: key.id,
      assignments: movesOf(step).map(({ nodeId, to }) => ({
        nodeId,
        releases: to ? [{ ...to, trafficPercent: 100 }] : [],
      })),
      signatureRequired: step.params.signatureRequired === true,
    });
    return {
      outcome: 'done',
      output: { generations: Object.fromEntries(moved.map((m) => [m.nodeId, m.generation])) },
    };
  }
}
