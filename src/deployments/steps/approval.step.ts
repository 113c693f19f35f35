// People are asked before anything moves, and before the slot is taken: whoever waits for them keeps nobody else
// from going on. What they are asked, and when that is enough, is approvals/requests.
import { Injectable } from '@nestjs/common';
import type { CallOf, HandlerOf, OutcomeOf } from '../../engine/step-type.js';
import type { OpenContext } from '../../platform/context.js';
import { ApprovalRequests } from '../approvals/requests/approval-requests.js';
import { missingText, type Standing } from '../approvals/requests/standing.js';
import { specOf } from '../runs/spec-of.js';
import { stepTypes } from '../strategies/step-types.js';

type Approval = typeof stepTypes.approval;

@Injectable()
export class ApprovalStep implements HandlerOf<Approval> {
  readonly kind = stepTypes.approval.kind;
  readonly title = stepTypes.approval.title;
  readonly mode = 'transaction';

  constructor(private readonly requests: ApprovalRequests) {}

  async run(open: OpenContext, { key, now }: CallOf<Approval>): Promise<OutcomeOf<Approval>> {
    const spec = await specOf(open, key.id);
    const settled = await this.requests.settle(open, { deploymentId: key.id, spec, now });
    const { said } = settled;
    switch (settled.is) {
      case 'met':
        return { outcome: 'done', status: 'Pending', said };
      case 'rejected':
        return { outcome: 'rejected', reason: settled.reason, by: settled.by, said };
      case 'open': {
        const { request, standing, isNew } = settled;
        return {
          outcome: 'wait',
          status: 'PendingApproval',
          until: request.deadlineAt.getTime(),
          deadline: request.deadlineAt.getTime(),
          ...(isNew ? { restarts: true } : {}),
          said,
          waitingOn: {
            kind: 'approval',
            who: whoOf(standing),
            verb: 'approve',
            detail: `waits for approval: ${missingText(standing)}`,
          },
        };
      }
    }
  }
}

function whoOf({ perRule }: Standing): string {
  const names = perRule.filter(({ met }) => !met).map(({ rule }) => `"${rule.name}"`);
  return `those who may decide for ${names.join(' and ')}`;
}
