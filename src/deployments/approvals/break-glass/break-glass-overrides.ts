import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import { ApprovalOverrides } from '../requests/overrides.js';
import type { ApprovalRequest } from '../requests/request.js';
import type { Override } from '../requests/standing.js';
import { breakGlassOf } from './break-glass.store.js';

/** Whether somebody has taken this very request, about this very subject, upon themselves. */
@Injectable()
export class BreakGlassOverrides extends ApprovalOverrides {
  async of(open: OpenContext, request: ApprovalRequest): Promise<Override | null> {
    const used = await breakGlassOf(open, request.deploymentId, request.number);
    if (used?.subjectDigest !== request.subjectDigest) return null;
    return { by: used.usedBy, at: used.usedAt.getTime(), reason: used.reason };
  }
}
