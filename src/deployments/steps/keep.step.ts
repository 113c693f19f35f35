// Waits while the old release stays warm beside the new one, so that going back takes no time. It
// goes back by itself when a node reports that the new one has failed; `promote` ends it early, and
// so does an old release that is down on every node: there is nothing left to be kept.
import { Injectable } from '@nestjs/common';
import { Targets } from '../../drivers/targets/targets.js';
import type { DownRelease, NodeObservation } from '../../drivers/targets/target.js';
import { movesOf, nodesOf } from '../../engine/plan.js';
import type { PromotedBy, StepCall } from '../../engine/step-handler.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { named } from './named.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import { causeOf, downThere } from './down-there.js';

type Keep = typeof stepTypes.keep;

@Injectable()
export class KeepStep implements HandlerOf<Keep> {
  readonly kind = stepTypes.keep.kind;
  readonly title = stepTypes.keep.title;
  readonly mode = 'transaction';

  constructor(private readonly targets: Targets) {}

  async run(open: OpenContext, call: CallOf<Keep>): Promise<OutcomeOf<Keep>> {
    const spec = await specOf(open, call.key.id);
    const observed = await this.targets.get(spec.cluster.targetKind).observe(open, {
      moduleId: spec.module.id,
      nodeIds: nodesOf(call.plan).map(({ nodeId }) => nodeId),
    });
    const nodes = nodesOf(call.plan);
    const failed = observed.find(
      ({ state, generation, observedGeneration }) =>
        state === 'failed' && observedGeneration >= generation,
    );
    if (failed) {
      const name = nodes.find(({ nodeId }) => nodeId === failed.nodeId)?.name;
      const why = failed.reason ? `${failed.reason.code}: ${failed.reason.message}` : 'no reason';
      return {
        outcome: 'unstable',
        reason: `node ${name ?? failed.nodeId} reports the release failed (${why})`,
        cause: causeOf(failed),
        evidence: { node: name ?? failed.nodeId },
      };
    }
    const until = call.startedAt + call.step.params.keepMs;
    if (call.now >= until) return { outcome: 'done' };
    const kept = keptOf(call, observed);
    const down = kept.filter((each) => each.down !== null);
    if (kept.length > 0 && down.length === kept.length) {
      return { outcome: 'done', output: { down: down.length, message: nothingToKeep(down) } };
    }
    return {
      outcome: 'wait',
      until,
      waitingOn: {
        kind: 'keep',
        who: 'someone who may operate deployments',
        verb: 'promote',
        detail: `the release has all the traffic, and the one before is kept warm: cancel switches back at once${exceptFor(down)}`,
      },
    };
  }

  promote(
    _ctx: Context,
    _call: CallOf<Keep>,
    { actor, reason }: PromotedBy,
  ): Promise<OutcomeOf<Keep>> {
    return Promise.resolve({ outcome: 'done', output: { promoted: true, by: actor, reason } });
  }
}

/** A node on which the release before is kept beside the new one. */
interface Kept {
  readonly name: string;
  readonly down: DownRelease | null;
}

function keptOf({ plan }: StepCall, observed: readonly NodeObservation[]): Kept[] {
  const byNode = new Map(observed.map((seen) => [seen.nodeId, seen]));
  const shared = plan.steps.flatMap(movesOf).filter(({ percent }) => percent === 100);
  return shared.flatMap(({ nodeId, name, from }) => {
    const seen = byNode.get(nodeId);
    return seen && from ? [{ name, down: downThere(seen, from) }] : [];
  });
}

function nothingToKeep(down: readonly Kept[]): string {
  return `what ran before is not kept: it is down on ${named(down)} (${down[0]?.down?.code})`;
}

function exceptFor(down: readonly Kept[]): string {
  return down.length > 0
    ? `, but not on ${named(down)}, where the one before is down (${down[0]?.down?.code})`
    : '';
}
