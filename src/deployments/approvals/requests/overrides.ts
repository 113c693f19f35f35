import type { OpenContext } from '../../../platform/context.js';
import type { ApprovalRequest } from './request.js';
import type { Override } from './standing.js';

/** Whether somebody has taken a request upon themselves, in place of the quorum. */
export abstract class ApprovalOverrides {
  abstract of(open: OpenContext, request: ApprovalRequest): Promise<Override | null>;
}
