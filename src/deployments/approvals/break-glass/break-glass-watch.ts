import { Injectable } from '@nestjs/common';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { specOf } from '../../runs/spec-of.js';
import { lastRequest } from '../requests/requests.store.js';
import { breakGlassOverdue } from './break-glass.events.js';
import { aboutOf } from './break-glass.service.js';
import { dueReviews, markOverdueOnce } from './break-glass.store.js';

const AT_ONCE = 50;

/** Alarms, once for each, that nobody has reviewed a deployment that was started without its approvals. */
@Injectable()
export class BreakGlassWatch {
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'approvals' });
  }

  /** Those whose time is over by now. */
  async look(): Promise<void> {
    const due = await this.database.system((tx) => dueReviews(tx, AT_ONCE));
    for (const { tenantId, id } of due) {
      const ctx = Context.system(tenantId, 'approvals');
      await this.database.transaction(ctx, (open) => this.alarm(open, id));
    }
  }

  private async alarm(open: OpenContext, id: string): Promise<void> {
    const used = await markOverdueOnce(open, id);
    if (!used) return;
    const { deploymentId, usedBy: by, personId, reason, reviewDueAt } = used;
    const spec = await specOf(open, deploymentId);
    const request = (await lastRequest(open, deploymentId))!;
    const told = { by, personId, reason, reviewDueAt: reviewDueAt.toISOString() };
    await open.record(
      breakGlassOverdue(deploymentId, { ...aboutOf(spec, request, used), ...told }),
    );
    this.log.warn(
      { tenantId: open.tenantId, deploymentId, by },
      'nobody has reviewed a deployment that was started without its approvals',
    );
  }
}
