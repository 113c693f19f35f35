import type { ErasureView } from './erasures.dto.js';
import type { ErasureRow } from './erasures.views.js';

/** Whose tables are no audit log: docs/audit.md says what each of them keeps. */
const KEPT_ELSEWHERE = ['accounts', 'approvals', 'deployments', 'notifications', 'settings'];

export function viewOf(row: ErasureRow): ErasureView {
  return {
    ...row,
    requestedAt: row.requestedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    outOfReach: { ...row.outOfReach },
    keptElsewhere: KEPT_ELSEWHERE,
  };
}
