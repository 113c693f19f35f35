/** What a change of a deployment's status is called in the audit trail. */
import type { RunStatus } from '../../engine/run.js';
import type { Audit } from '../../platform/audit/audit.js';
import type { AuditRecord } from '../../platform/audit/audit-record.js';
import type { OpenContext } from '../../platform/context.js';
import type { StatusChanged } from './run-rows.js';

const actions: Readonly<Record<RunStatus, string>> = {
  Pending: 'deployment-queued',
  PendingApproval: 'deployment-approval-requested',
  Running: 'deployment-started',
  Paused: 'deployment-paused',
  RollingBack: 'deployment-rollback-started',
  Succeeded: 'deployment-succeeded',
  Failed: 'deployment-failed',
  RolledBack: 'deployment-rolled-back',
  RollbackFailed: 'deployment-rollback-failed',
  Cancelled: 'deployment-cancelled',
  Rejected: 'deployment-rejected',
};

/**
 * People's verbs are audited where they are asked for. What the engine then does, or does by itself
 * (a release taken back at night), belongs in the same trail.
 */
export function auditStatus(open: OpenContext, audit: Audit, change: StatusChanged): Promise<void> {
  const { id, from, to, reason, actor } = change;
  const isResumed = from === 'Paused' && to === 'Running';
  const failed: AuditRecord['result'] = 'failed';
  return audit.append(open, {
    category: 'deployments',
    action: isResumed ? 'deployment-resumed' : actions[to],
    subject: { kind: 'deployment', id },
    ...(to === 'Failed' || to === 'RollbackFailed' ? { result: failed } : {}),
    body: { previousStatus: from, status: to, reason, by: actor },
  });
}
