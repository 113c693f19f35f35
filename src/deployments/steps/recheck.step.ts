// What may have changed while the rollout waited. The database only, so it takes no time.
import { Injectable } from '@nestjs/common';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { refuseNotReady } from '../../releases/artifacts/artifacts.service.js';
import { releaseById } from '../../releases/releases.queries.js';
import { refuseRolledBack } from '../acceptance/loop-guard.js';
import { stepTypes } from '../strategies/step-types.js';
import { warningsOf, wayBackWarnings } from './way-back-warnings.js';
import { specOf } from '../runs/spec-of.js';
import { terminally } from './terminally.js';
import {
  messagesOf,
  refuseNoWayBack,
  refuseUnsigned,
  wayBackOf,
  wayBackProblems,
} from './way-back.js';

type Recheck = typeof stepTypes.recheck;

@Injectable()
export class RecheckStep implements HandlerOf<Recheck> {
  readonly kind = stepTypes.recheck.kind;
  readonly title = stepTypes.recheck.title;
  readonly mode = 'transaction';

  async run(open: OpenContext, { key, plan }: CallOf<Recheck>): Promise<OutcomeOf<Recheck>> {
    const spec = await specOf(open, key.id);
    await refuseUnsigned(await releaseById(open, spec.release.id), spec.signaturePolicy);
    await terminally(() => refuseRolledBack(open, spec));
    // Preflight saw what the nodes ran then; behind another rollout they run something else now.
    const noWayBack = await wayBackProblems(await wayBackOf(open, plan), refuseNotReady);
    refuseNoWayBack(noWayBack, spec.allowNoRollback);
    return {
      outcome: 'done',
      output: {
        ...(noWayBack.length > 0 ? { noWayBack: messagesOf(noWayBack) } : {}),
        // On the facts of this moment, and before any node is touched.
        ...warningsOf(wayBackWarnings(plan)),
      },
    };
  }
}
