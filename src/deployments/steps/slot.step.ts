// One rollout per cluster and module at a time, rollbacks first; and no more at once than cluster, environment and
// tenant may have. The slot is taken by compare-and-set, and the plan is made again on the facts of that moment: the
// one before may be hours old.
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../../kernel/errors.js';
import type { NotDone, StepCall } from '../../engine/step-handler.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { ApprovalRequests } from '../approvals/requests/approval-requests.js';
import { capacityDetail, type Scope } from '../admission/admit.js';
import { Capacity } from '../admission/capacity.js';
import { Planner } from '../planning/planner.js';
import { digestOf } from '../../kernel/digest.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { specOf } from '../runs/spec-of.js';
import { expiredReason } from '../schedule/schedule-guard.js';
import { lookAtSlot, takeSlot } from '../slots.store.js';
import { APPROVAL_STEP } from '../strategies/plan-parts.js';
import { stepTypes } from '../strategies/step-types.js';
import { StartGuards } from '../windows/start-guards.js';
import { heldOutcome, startOf } from './held-outcome.js';
import { terminally } from './terminally.js';

/** The holder wakes the next one; this is for the case that it could not. */
const LOOK_AGAIN_MS = 30_000;

/** Who ends wakes the next; this is for the case that it could not. Spread, for thousands may wait. */
const CAPACITY_LOOK_AGAIN_MS = 10 * 60_000;

type SlotType = typeof stepTypes.slot;

@Injectable()
export class SlotStep implements HandlerOf<SlotType> {
  readonly kind = stepTypes.slot.kind;
  readonly title = stepTypes.slot.title;
  readonly mode = 'transaction';
  readonly locksShared = true;

  constructor(
    private readonly planner: Planner,
    private readonly capacity: Capacity,
    private readonly approvals: ApprovalRequests,
    private readonly guards: StartGuards,
  ) {}

  async run(open: OpenContext, call: CallOf<SlotType>): Promise<OutcomeOf<SlotType>> {
    const spec = await specOf(open, call.key.id);
    refuseExpired(spec, call.now);
    return notPast(spec, await this.take(open, call, spec));
  }

  private async take(
    open: OpenContext,
    call: CallOf<SlotType>,
    spec: DeploymentSpec,
  ): Promise<OutcomeOf<SlotType>> {
    const slot = { clusterId: spec.cluster.id, moduleId: spec.module.id };
    const seen = await lookAtSlot(open, slot, call.key.id);
    if (!seen) throw new TerminalError('slot-missing', 'The slot of this deployment is missing.');
    const { now } = call;
    const doubt = await this.approvals.doubtOf(open, { deploymentId: call.key.id, spec, now });
    if (doubt !== null) {
      if (seen.hasWaitedForCapacity) await this.capacity.passOn(open, rolloutOf(call, spec));
      return { outcome: 'again', stepId: APPROVAL_STEP, reason: doubt };
    }
    const start = startOf(call, spec, seen.lane);
    const held = await this.guards.first(open, start);
    if (held) {
      // It waits for nobody's turn meanwhile: neither its place nor a place under a cap is kept for it.
      if (seen.hasWaitedForCapacity) await this.capacity.passOn(open, rolloutOf(call, spec));
      return heldOutcome(call, held);
    }
    const blockedBy = seen.holderId === call.key.id ? null : (seen.holderId ?? seen.aheadId);
    const rollout = rolloutOf(call, spec);
    if (blockedBy) {
      if (seen.hasWaitedForCapacity) await this.capacity.passOn(open, rollout);
      return {
        outcome: 'wait',
        until: call.now + LOOK_AGAIN_MS,
        waitingOn: {
          kind: 'slot',
          who: 'someone who may operate deployments',
          verb: 'cancel',
          detail: `waits for deployment ${blockedBy} on cluster "${spec.cluster.name}"`,
        },
      };
    }
    const cap = seen.lane === 'rollback' ? null : await this.capacity.admit(open, rollout);
    if (cap) return capacityWait(call, cap);
    await takeSlot(open, slot, call.key.id);
    const planned = await terminally(() => this.planner.plan(open, spec));
    const isSame = planned.planDigest === digestOf('plan', call.plan).digest;
    const { plan, factsText } = planned;
    return {
      outcome: 'done',
      status: 'Running',
      ...(isSame ? {} : { replan: { plan, factsText } }),
    };
  }
}

const rolloutOf = ({ key }: StepCall, { cluster }: DeploymentSpec) => ({
  id: key.id,
  clusterId: cluster.id,
});

function refuseExpired(spec: DeploymentSpec, now: number): void {
  const reason = expiredReason(spec, now);
  if (reason !== null) throw new TerminalError('start-expired', `It has not started: ${reason}.`);
}

/** Whatever it waits for, the last look is when it may not start any more. */
function notPast<O extends OutcomeOf<SlotType>>({ start }: DeploymentSpec, outcome: O): O {
  const expiresAt = start?.expiresAt ?? null;
  if (outcome.outcome !== 'wait' || expiresAt === null) return outcome;
  return { ...outcome, until: Math.min(outcome.until, expiresAt) };
}

function capacityWait(call: StepCall, cap: Scope): NotDone {
  // The last digits of an id are random: who began to wait together does not look together.
  const spread = Number.parseInt(call.key.id.slice(-4), 16) / 0xffff;
  return {
    outcome: 'wait',
    until: call.now + CAPACITY_LOOK_AGAIN_MS * (1 + spread),
    waitingOn: {
      kind: 'capacity',
      who: 'someone who may operate those in flight',
      verb: 'cancel',
      detail: capacityDetail(cap),
    },
  };
}
