// Waits while the old release stays warm beside the new one, so that going back takes no time. It
// goes back by itself when a node reports that the new one has failed; `promote` ends it early.
import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import { nodesOf } from '../../engine/plan.js';
import type { PromotedBy, StepHandler, StepOutcome, StepRun } from '../../engine/step-handler.js';
import type { Context } from '../../platform/context.js';
import { specOf } from '../runs/spec-of.js';

@Injectable()
export class KeepStep implements StepHandler {
  readonly kind = 'keep';
  readonly title = 'Keep what ran before warm';
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(ctx: Context, run: StepRun): Promise<StepOutcome> {
    const spec = await specOf(ctx, run.key.id);
    const observed = await this.targets.get(spec.cluster.targetKind).observe(ctx, {
      moduleId: spec.module.id,
      nodeIds: nodesOf(run.plan).map(({ nodeId }) => nodeId),
    });
    const failed = observed.find(
      ({ state, generation, observedGeneration }) =>
        state === 'failed' && observedGeneration >= generation,
    );
    if (failed) {
      const name = nodesOf(run.plan).find(({ nodeId }) => nodeId === failed.nodeId)?.name;
      const why = failed.reason ? `${failed.reason.code}: ${failed.reason.message}` : 'no reason';
      return {
        outcome: 'unstable',
        reason: `node ${name ?? failed.nodeId} reports the release failed (${why})`,
        evidence: { node: name ?? failed.nodeId },
      };
    }
    const until = run.startedAt + Number(run.step.params.keepMs);
    if (run.now >= until) return { outcome: 'done' };
    return {
      outcome: 'wait',
      until,
      waitingOn: {
        kind: 'keep',
        who: 'someone who may operate deployments',
        verb: 'promote',
        detail:
          'the release has all the traffic, and the one before is kept warm: cancel switches back at once',
      },
    };
  }

  promote(_ctx: Context, _run: StepRun, { actor, reason }: PromotedBy): Promise<StepOutcome> {
    return Promise.resolve({ outcome: 'done', output: { promoted: true, by: actor, reason } });
  }
}
