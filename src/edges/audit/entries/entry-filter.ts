import type { AuditLogsQuery } from './audit-logs.dto.js';
import { END_OF_TIME, type EntryFilter } from './entries.views.js';

/** What is not asked for leaves nothing out. */
export function filterOf(query: Omit<AuditLogsQuery, 'limit' | 'cursor'>): EntryFilter {
  return {
    category: query.category ?? null,
    action: query.action ?? null,
    actor: query.actor ?? null,
    subject: query.subject ?? null,
    personId: query.person ?? null,
    result: query.outcome ?? null,
    deploymentId: query.deployment ?? null,
    releaseId: query.release ?? null,
    traceId: query.trace ?? null,
    from: query.from === undefined ? new Date(0) : new Date(query.from),
    to: query.to === undefined ? END_OF_TIME : new Date(query.to),
  };
}
