import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { DeploymentMetrics } from '../../deployment.metrics.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { lockForVerb } from '../../deployments.store.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { RunHints } from '../../run-hints.js';
import { DeploymentRows } from '../../runs/deployment-rows.js';
import { specOf } from '../../runs/spec-of.js';
import {
  approvalCommentsFull,
  approvalDowngrade,
  approvalNotOpen,
  approvalReasonRequired,
  approvalSubjectChanged,
  nothingToWithdraw,
} from '../approvals.errors.js';
import {
  approvalCommented,
  approvalGiven,
  approvalGranted,
  approvalRejected,
  approvalWithdrawn,
} from '../approvals.events.js';
import {
  addDecision,
  voidDecision,
  type Decision,
  type DecisionVerb,
} from '../requests/decisions.store.js';
import { factsOf, type SaidEvent } from '../requests/facts.js';
import { lookAt, presentRules, type Look } from '../requests/look.js';
import { ApprovalOverrides } from '../requests/overrides.js';
import { isSameRules, type ApprovalRequest } from '../requests/request.js';
import { changeRequest, lastRequest } from '../requests/requests.store.js';
import { ruleKey } from '../requests/standing.js';
import { approvalStateOf } from './approval-state.js';
import { DecisionProofs, type Evidence } from './decision-proof.js';
import type {
  ApprovalState,
  ApproveBody,
  CommentBody,
  RejectBody,
  WithdrawBody,
} from './decisions.dto.js';
import { newerThere } from './downgrade.queries.js';
import { noteDecision } from './note-decision.js';
import { personOf, rulesOfVoter } from './voters.js';

/** What a decision is about, with the deployment's row locked: nobody decides meanwhile. */
export interface Deciding {
  readonly id: string;
  readonly head: Awaited<ReturnType<typeof lockForVerb>>;
  readonly spec: DeploymentSpec;
  readonly request: ApprovalRequest;
  readonly look: Look;
}

export interface ExternalDecision {
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly gate: { readonly id: string; readonly name: string };
  readonly verb: 'approve' | 'reject';
  readonly comment?: string | null | undefined;
  readonly evidence?: Evidence | null;
}

/**
 * Takes what people say about a deployment that waits for them. Only here is something decided; what
 * follows from it is the engine's, which is woken in the same transaction.
 */
@Injectable()
export class Decisions {
  constructor(
    private readonly database: Database,
    private readonly overrides: ApprovalOverrides,
    private readonly proofs: DecisionProofs,
    private readonly rows: DeploymentRows,
    private readonly hints: RunHints,
    private readonly metrics: DeploymentMetrics,
  ) {}
}
