// The tenant's switch and the platform's: while one is on nothing starts, and nothing that is under way goes on
// to its next wave. What goes back is never held.
import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import { StartGuard, type Held, type StartAsked } from '../windows/start-guards.js';
import { switchTurnedOn, type SwitchFound } from './kill-switch.queries.js';

@Injectable()
export class KillSwitchGuard extends StartGuard {
  readonly kind = 'kill-switch';
  override readonly holdsWaves = true;

  async check(open: OpenContext, { deployment, verb }: StartAsked): Promise<Held | null> {
    if (deployment.lane === 'rollback') return null;
    // To ask for one, and to approve it, starts nothing yet.
    if (verb !== 'start' && verb !== 'promote') return null;
    const found = await switchTurnedOn(open);
    return found ? heldBy(found) : null;
  }
}

function heldBy({ level, reason, changedBy, changedAt }: SwitchFound): Held {
  const whose = level === 'platform' ? 'of the platform' : 'of this tenant';
  return {
    kind: 'kill-switch',
    detail: `the kill switch ${whose} has been on since ${changedAt.toISOString()}, by ${changedBy}: "${reason}"`,
    until: null,
    who:
      level === 'platform'
        ? 'whoever operates the platform'
        : 'someone who may turn the kill switch',
    verb: 'kill-switch off',
  };
}
