/** The table `approval_decisions`: what was said about requests. Rows stay; what counts no more is voided. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ApprovalRequest } from './request.js';

export type DecisionVerb = 'approve' | 'reject' | 'comment' | 'withdraw';

export interface Decision {
  readonly id: string;
  readonly requestNumber: number;
  readonly personId: string | null;
  readonly gateId: string | null;
  readonly actor: string;
  readonly verb: DecisionVerb;
  readonly subjectDigest: string;
  readonly comment: string | null;
  readonly at: Date;
  /** By rule (`ruleKey`); null: nothing beyond the session. */
  readonly evidence: Readonly<Record<string, unknown>> | null;
  readonly voidedAt: Date | null;
  readonly voidReason: string | null;
}

type Named = { readonly tenantId: string; readonly deploymentId: string };
type OfRequest = Named & { readonly number: number };

export const DECISION_COLUMNS = `id, request_number as "requestNumber", person_id as "personId",
  gate_id as "gateId", actor, verb, subject_digest as "subjectDigest", comment, at, evidence,
  voided_at as "voidedAt", void_reason as "voidReason"`;

const ALL = statement<Named, Decision>(
  'approval-decisions.of-deployment',
  `select ${DECISION_COLUMNS} from approval_decisions
   where tenant_id = :tenantId and deployment_id = :deploymentId order by id`,
);

/** All that was ever said, oldest first. */
export function decisionsOf(open: OpenContext, deploymentId: string): Promise<Decision[]> {
  return open.tx.query(ALL, { tenantId: open.tenantId, deploymentId });
}

export interface NewDecision {
  readonly id: string;
  readonly personId: string | null;
  readonly gateId: string | null;
  readonly actor: string;
  readonly verb: DecisionVerb;
  readonly comment: string | null;
  readonly evidence: Readonly<Record<string, unknown>> | null;
}

const ADD = statement<
  OfRequest &
    Omit<NewDecision, 'evidence'> & {
      readonly subjectDigest: string;
      /** JSON. */
      readonly evidence: string | null;
    },
  Decision
>(
  'approval-decisions.add',
  `insert into approval_decisions (tenant_id, deployment_id, id, request_number, person_id, gate_id,
     actor, verb, subject_digest, comment, evidence)
   values (:tenantId, :deploymentId, :id, :number, :personId, :gateId, :actor, :verb, :subjectDigest,
     :comment, :evidence::jsonb)
   returning ${DECISION_COLUMNS}`,
);

export async function addDecision(
  open: OpenContext,
  { deploymentId, number, subjectDigest }: ApprovalRequest,
  { evidence, ...decision }: NewDecision,
): Promise<Decision> {
  const about = { tenantId: open.tenantId, deploymentId, number, subjectDigest };
  const proof = evidence && JSON.stringify(evidence);
  return (await open.tx.first(ADD, { ...about, ...decision, evidence: proof }))!;
}

const VOID_ALL = statement<OfRequest & { readonly reason: string }>(
  'approval-decisions.void-all',
  `update approval_decisions set voided_at = clock_timestamp(), void_reason = :reason
   where tenant_id = :tenantId and deployment_id = :deploymentId and request_number = :number
     and verb in ('approve', 'reject') and voided_at is null`,
);

/** How many decisions count no more. */
export function voidDecisions(
  open: OpenContext,
  { deploymentId, number }: Pick<ApprovalRequest, 'deploymentId' | 'number'>,
  reason: string,
): Promise<number> {
  return open.tx.execute(VOID_ALL, { tenantId: open.tenantId, deploymentId, number, reason });
}

const VOID_ONE = statement<Named & { readonly id: string; readonly reason: string }>(
  'approval-decisions.void-one',
  `update approval_decisions set voided_at = clock_timestamp(), void_reason = :reason
   where tenant_id = :tenantId and deployment_id = :deploymentId and id = :id and voided_at is null`,
);

export async function voidDecision(
  open: OpenContext,
  deploymentId: string,
  id: string,
  reason: string,
): Promise<void> {
  await open.tx.execute(VOID_ONE, { tenantId: open.tenantId, deploymentId, id, reason });
}
