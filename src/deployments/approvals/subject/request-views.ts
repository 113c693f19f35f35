/** Rows of approvals, and of deployments beside them, as HTTP answers them. */
import type { Decision } from '../requests/decisions.store.js';
import type { ApprovalRequest } from '../requests/request.js';
import type { ApprovalSubject } from './subject.dto.js';
import type { HistoryRow, PlacedRow } from './subject.views.js';

export function requestView(request: ApprovalRequest): NonNullable<ApprovalSubject['request']> {
  const { number, status, subjectDigest, requestedBy, endedBy, reason } = request;
  return {
    number,
    status,
    subjectDigest,
    requestedBy,
    askedAt: request.askedAt.toISOString(),
    deadlineAt: request.deadlineAt.toISOString(),
    endedAt: request.endedAt?.toISOString() ?? null,
    endedBy,
    reason,
  };
}

/** Without what proves it: that is for auditors, who have an export of it. */
export function decisionView(decision: Decision): ApprovalSubject['decisions'][number] {
  const { id, actor: by, verb, comment, subjectDigest, voidReason } = decision;
  return {
    id,
    by,
    verb,
    comment,
    at: decision.at.toISOString(),
    subjectDigest,
    voidedAt: decision.voidedAt?.toISOString() ?? null,
    voidReason,
  };
}

export function placedView(row: PlacedRow): ApprovalSubject['waiting'][number] {
  const { id, kind, version, environment, cluster, status, requestedBy } = row;
  return {
    id,
    kind,
    version,
    environment,
    cluster,
    status,
    requestedBy,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

export function historyView(row: HistoryRow): ApprovalSubject['releaseHistory'][number] {
  return { ...placedView(row), reason: row.reason, verdicts: row.verdicts };
}
