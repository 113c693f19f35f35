import type { RunStatus } from '../../../engine/run.js';
import type { ApprovalRequest, RequestStatus } from '../requests/request.js';
import type { Standing } from '../requests/standing.js';
import type { ApprovalState } from './decisions.dto.js';

export interface StateShown {
  readonly deploymentStatus: RunStatus;
  readonly request: ApprovalRequest;
  /** What it has become in this transaction. */
  readonly status: RequestStatus;
  readonly standing: Standing;
}

export function approvalStateOf(shown: StateShown): ApprovalState {
  const { deploymentStatus, request, status, standing } = shown;
  return {
    deploymentId: request.deploymentId,
    deploymentStatus,
    requestNumber: request.number,
    status,
    subjectDigest: request.subjectDigest,
    requestedBy: request.requestedBy,
    askedAt: request.askedAt.toISOString(),
    deadlineAt: request.deadlineAt.toISOString(),
    rules: standing.perRule.map(({ rule: { name, kind }, met: isMet, have, need, missing }) => ({
      name,
      kind,
      isMet,
      have,
      need,
      missing,
    })),
  };
}
