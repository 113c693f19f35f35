/** What HTTP answers of deployments, as it is read: reads/deployment-view.ts makes the answers of it. */
import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { deploymentNotFound } from '../deployment.errors.js';
import { mustBeReadable } from '../deployment-scopes.js';
import { specTextOf, WITH_RUNS } from '../deployments.queries.js';
import type { CameBy } from '../deployments.store.js';
import type { GateState } from '../gates/gate-spec.js';
import { WAIT_COLUMNS, type WaitRow } from './present-wait.js';

export interface DeploymentRow extends WaitRow {
  readonly id: string;
  readonly kind: CameBy;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly ending: string | null;
  readonly revision: number;
  readonly originId: string | null;
  readonly specText: string;
  readonly subjectDigest: string;
  readonly metadata: Record<string, string>;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly sequence: number;
  readonly gate: GateState | null;
  readonly breakGlass: BreakGlassShown | null;
}

/** It was started without its approvals. Times as PostgreSQL writes them into JSON. */
export interface BreakGlassShown {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly reviewDueAt: string;
  readonly isOverdue: boolean;
  readonly isReviewed: boolean;
  readonly verdict: 'justified' | 'unjustified' | null;
  readonly reviewedBy: string | null;
}

/** What nobody has reviewed before what somebody has. */
const BREAK_GLASS = `(select jsonb_build_object('by', b.used_by, 'at', b.used_at, 'reason', b.reason,
    'reviewDueAt', b.review_due_at, 'isOverdue', b.overdue_at is not null and b.reviewed_at is null,
    'isReviewed', b.reviewed_at is not null, 'verdict', b.verdict, 'reviewedBy', b.reviewed_by)
  from break_glass b where b.tenant_id = d.tenant_id and b.deployment_id = d.id
  order by (b.reviewed_at is null) desc, b.request_number desc limit 1)`;

export const DEPLOYMENT_COLUMNS = `d.id, d.kind, d.status, d.reason, d.ending, d.version as revision,
  d.origin_id as "originId", d.spec_text as "specText", d.subject_digest as "subjectDigest",
  d.metadata, d.requested_by as "requestedBy", d.created_at as "createdAt",
  d.started_at as "startedAt", d.finished_at as "finishedAt", d.journal_seq as sequence,
  r.gate, ${BREAK_GLASS} as "breakGlass", ${WAIT_COLUMNS}`;

type Named = { readonly tenantId: string; readonly id: string };

const ONE = statement<Named, DeploymentRow>(
  'deployments.view',
  `select ${DEPLOYMENT_COLUMNS} ${WITH_RUNS} where d.tenant_id = :tenantId and d.id = :id`,
);

/** Throws `deployment-not-found`, also to whoever may not read it. */
export async function deploymentRow(open: OpenContext, id: string): Promise<DeploymentRow> {
  const row = await open.tx.first(ONE, { tenantId: open.tenantId, id });
  if (!row) throw deploymentNotFound();
  mustBeReadable(open, row.specText);
  return row;
}

/** Throws `deployment-not-found`, also to whoever may not read it. */
export async function deploymentMustBeReadable(open: OpenContext, id: string): Promise<void> {
  const specText = await specTextOf(open, id);
  if (specText === undefined) throw deploymentNotFound();
  mustBeReadable(open, specText);
}
