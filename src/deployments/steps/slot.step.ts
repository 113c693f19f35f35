// One rollout per cluster and module at a time, rollbacks first; and no more at once than cluster, environment and
// tenant may have. The slot is taken by compare-and-set, and the plan is made again on the facts of that moment: the
// one before may be hours old.
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../../kernel/errors.js';
import type { NotDone, StepCall } from '../../engine/step-handler.js';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { capacityDetail, type Scope } from '../admission/admit.js';
import { Capacity } from '../admission/capacity.js';
import { Planner } from '../planning/planner.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { digestOf } from '../../kernel/digest.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';
import { terminally } from './terminally.js';

/** The holder wakes the next one; this is for the case that it could not. */
const LOOK_AGAIN_MS = 30_000;

/** Who ends wakes the next; this is for the case that it could not. Spread, for thousands may wait. */
const CAPACITY_LOOK_AGAIN_MS = 10 * 60_000;

interface SlotRow {
  readonly holderId: string | null;
  readonly aheadId: string | null;
  readonly lane: 'normal' | 'rollback';
  readonly hasWaitedForCapacity: boolean;
}

type Slot = typeof stepTypes.slot;

@Injectable()
export class SlotStep implements HandlerOf<Slot> {
  readonly kind = stepTypes.slot.kind;
  readonly title = stepTypes.slot.title;
  readonly mode = 'transaction';
  readonly locksShared = true;

  constructor(
    private readonly planner: Planner,
    private readonly capacity: Capacity,
  ) {}

  async run(open: OpenContext, call: CallOf<Slot>): Promise<OutcomeOf<Slot>> {
    const spec = await specOf(open, call.key.id);
    const slot = await this.look(open, call.key.id, spec);
    const blockedBy = slot.holderId === call.key.id ? null : (slot.holderId ?? slot.aheadId);
    const rollout = { id: call.key.id, clusterId: spec.cluster.id };
    if (blockedBy) {
      if (slot.hasWaitedForCapacity) await this.capacity.passOn(open, rollout);
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
    const cap = slot.lane === 'rollback' ? null : await this.capacity.admit(open, rollout);
    if (cap) return capacityWait(call, cap);
    await open.tx.execute(
      `update deployment_slots set holder_deployment_id = $4
       where tenant_id = $1 and cluster_id = $2 and module_id = $3`,
      [open.tenantId, spec.cluster.id, spec.module.id, call.key.id],
    );
    const planned = await terminally(() => this.planner.plan(open, spec));
    const isSame = planned.planDigest === digestOf('plan', call.plan).digest;
    const { plan, factsText } = planned;
    return {
      outcome: 'done',
      status: 'Running',
      ...(isSame ? {} : { replan: { plan, factsText } }),
    };
  }

  private async look(open: OpenContext, id: string, spec: DeploymentSpec): Promise<SlotRow> {
    const [slot] = await open.tx.query<SlotRow>(
      `select s.holder_deployment_id as "holderId", own.lane,
         own.capacity_scope_id is not null as "hasWaitedForCapacity",
         (select d.id from deployments d
          join runs r on r.tenant_id = d.tenant_id and r.kind = 'deployment' and r.id = d.id
          where d.tenant_id = s.tenant_id and d.cluster_id = s.cluster_id
            and d.module_id = s.module_id and d.status = 'Pending'
            and (r.waiting_on->>'kind' = 'slot' or d.capacity_scope_id is not null)
            and (d.lane > own.lane or (d.lane = own.lane and d.id < own.id))
          order by d.lane desc, d.id limit 1) as "aheadId"
       from deployment_slots s
       join deployments own on own.tenant_id = s.tenant_id and own.id = $4
       where s.tenant_id = $1 and s.cluster_id = $2 and s.module_id = $3`,
      [open.tenantId, spec.cluster.id, spec.module.id, id],
    );
    if (!slot) throw new TerminalError('slot-missing', 'The slot of this deployment is missing.');
    return slot;
  }
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
