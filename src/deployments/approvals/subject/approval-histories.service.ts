import { Injectable } from '@nestjs/common';
import { Permission } from '../../../kernel/permission.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { decisionsOf } from '../requests/decisions.store.js';
import { decisionView, requestView } from './request-views.js';
import type { ApprovalHistory } from './subject.dto.js';
import { requestsOf, subjectRow } from './subject.views.js';

/** What was asked about a deployment, and what was said. Nothing of it is ever taken away. */
@Injectable()
export class ApprovalHistories {
  constructor(private readonly database: Database) {}

  /** Throws `deployment-not-found`, `permission-missing`. */
  history(ctx: Context, id: string): Promise<ApprovalHistory> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id, Permission.ApprovalsRead);
      const { status } = await subjectRow(open, id);
      const decisions = await decisionsOf(open, id);
      const requests = await requestsOf(open, id);
      return {
        deploymentId: id,
        status,
        requests: requests.map((request) => ({
          ...requestView(request),
          rules: request.rules.map(({ name, version, quorum }) => ({ name, version, quorum })),
          decisions: decisions
            .filter(({ requestNumber }) => requestNumber === request.number)
            .map(decisionView),
        })),
      };
    });
  }
}
