/** The table `break_glass`: deployments that were started without their approvals. Nothing is ever deleted. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { Verdict } from './break-glass.events.js';

export interface BreakGlass {
  readonly id: string;
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly personId: string;
  readonly usedBy: string;
  readonly reason: string;
  readonly usedAt: Date;
  readonly reviewDueAt: Date;
  readonly overdueAt: Date | null;
  readonly verdict: Verdict | null;
  readonly reviewedBy: string | null;
  readonly reviewedAt: Date | null;
  readonly comment: string | null;
}

export const BREAK_GLASS_COLUMNS = `b.id, b.deployment_id as "deploymentId",
  b.request_number as "requestNumber", b.subject_digest as "subjectDigest",
  b.person_id as "personId", b.used_by as "usedBy", b.reason, b.used_at as "usedAt",
  b.review_due_at as "reviewDueAt", b.overdue_at as "overdueAt", b.verdict,
  b.reviewed_by as "reviewedBy", b.reviewed_at as "reviewedAt", b.comment`;

type Named = { readonly tenantId: string; readonly deploymentId: string };

interface NewBreakGlass {
  readonly id: string;
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly personId: string;
  readonly usedBy: string;
  readonly reason: string;
  readonly reviewHours: number;
}

const add = statement<NewBreakGlass & { readonly tenantId: string }, BreakGlass>(
  'break-glass.add',
  `insert into break_glass as b (tenant_id, id, deployment_id, request_number, subject_digest, person_id,
     used_by, reason, used_at, review_due_at)
   select :tenantId, :id, :deploymentId, :requestNumber, :subjectDigest, :personId, :usedBy, :reason,
     used.at, used.at + :reviewHours::int * interval '1 hour'
   from (select clock_timestamp() as at) used
   returning ${BREAK_GLASS_COLUMNS}`,
);

export async function addBreakGlass(open: OpenContext, used: NewBreakGlass): Promise<BreakGlass> {
  return (await open.tx.first(add, { ...used, tenantId: open.tenantId }))!;
}

const ofRequest = statement<Named & { readonly number: number }, BreakGlass>(
  'break-glass.of-request',
  `select ${BREAK_GLASS_COLUMNS} from break_glass b
   where b.tenant_id = :tenantId and b.deployment_id = :deploymentId and b.request_number = :number`,
);

export function breakGlassOf(
  open: OpenContext,
  deploymentId: string,
  number: number,
): Promise<BreakGlass | undefined> {
  return open.tx.first(ofRequest, { tenantId: open.tenantId, deploymentId, number });
}

const lockLast = statement<Named, BreakGlass>(
  'break-glass.lock-last',
  `select ${BREAK_GLASS_COLUMNS} from break_glass b
   where b.tenant_id = :tenantId and b.deployment_id = :deploymentId
   order by (b.reviewed_at is null) desc, b.id limit 1 for update`,
);

/** The oldest that nobody has reviewed, else one that somebody has; until the end of the transaction. */
export function lockForReview(
  open: OpenContext,
  deploymentId: string,
): Promise<BreakGlass | undefined> {
  return open.tx.first(lockLast, { tenantId: open.tenantId, deploymentId });
}

type Review = {
  readonly tenantId: string;
  readonly id: string;
  readonly reviewer: string;
  readonly reviewedBy: string;
  readonly verdict: Verdict;
  readonly comment: string;
};

const review = statement<Review, BreakGlass>(
  'break-glass.review',
  `update break_glass b set reviewer_id = :reviewer, reviewed_by = :reviewedBy, verdict = :verdict,
     comment = :comment, reviewed_at = clock_timestamp()
   where b.tenant_id = :tenantId and b.id = :id and b.reviewed_at is null
     and b.person_id <> :reviewer::uuid
   returning ${BREAK_GLASS_COLUMNS}`,
);

export function reviewBreakGlass(
  open: OpenContext,
  given: Omit<Review, 'tenantId'>,
): Promise<BreakGlass | undefined> {
  return open.tx.first(review, { ...given, tenantId: open.tenantId });
}

const due = statement<
  { readonly take: number },
  { readonly tenantId: string; readonly id: string }
>(
  'break-glass.due',
  `select tenant_id as "tenantId", id from break_glass
   where reviewed_at is null and overdue_at is null and review_due_at <= clock_timestamp()
   order by review_due_at limit :take`,
);

/** Of all tenants: those of which nobody was told yet that their time is over. */
export function dueReviews(
  tx: SystemTransaction,
  take: number,
): Promise<{ readonly tenantId: string; readonly id: string }[]> {
  return tx.query(due, { take });
}

const markOverdue = statement<{ readonly tenantId: string; readonly id: string }, BreakGlass>(
  'break-glass.mark-overdue',
  `update break_glass b set overdue_at = clock_timestamp()
   where b.tenant_id = :tenantId and b.id = :id and b.reviewed_at is null and b.overdue_at is null
     and b.review_due_at <= clock_timestamp()
   returning ${BREAK_GLASS_COLUMNS}`,
);

/** Once, over all processes. Undefined: somebody has reviewed it, or another process was first. */
export function markOverdueOnce(open: OpenContext, id: string): Promise<BreakGlass | undefined> {
  return open.tx.first(markOverdue, { tenantId: open.tenantId, id });
}
