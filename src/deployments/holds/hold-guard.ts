// After a person's rollback: machines bring nothing there until a person lets them; people say why.
import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import { isMachine } from '../schedule/start-terms.js';
import { StartGuard, type Held, type StartAsked } from '../windows/start-guards.js';
import { openHold } from './holds.queries.js';

@Injectable()
export class HoldGuard extends StartGuard {
  readonly kind = 'hold';

  async check(open: OpenContext, asked: StartAsked): Promise<Held | null> {
    const { spec, deployment, verb } = asked;
    if (deployment.lane === 'rollback' || !isInTheWay(asked)) return null;
    const target = { clusterId: spec.cluster.id, moduleId: spec.module.id };
    const hold = await openHold(open, target);
    if (!hold) return null;
    const { placedBy, placedAt } = hold;
    const since = placedAt.toISOString();
    const needs =
      verb === 'create' && asked.by?.kind === 'user' ? '; deploying there needs a reason' : '';
    return {
      kind: 'hold',
      name: hold.id,
      detail: `"${spec.module.name}" has been held on cluster "${spec.cluster.name}" since ${placedBy} rolled it back at ${since}${needs}`,
      until: null,
      who: 'a person who may release holds',
      verb: 'holds release',
    };
  }
}

/** Whether a hold, if there is one, would stop this. */
function isInTheWay({ spec, verb, by, reason }: StartAsked): boolean {
  if (verb === 'start') return spec.start?.isByMachine === true;
  if (verb !== 'create' || !by) return false;
  return isMachine(by) || !reason;
}
