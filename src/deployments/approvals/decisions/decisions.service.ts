import { Injectable } from '@nestjs/common';
import { limits } from '../../../kernel/limits.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { lockForVerb } from '../../deployments.store.js';
import { specOf } from '../../runs/spec-of.js';
import {
  approvalCommentsFull,
  approvalDowngrade,
  approvalNotOpen,
  approvalReasonRequired,
  approvalSubjectChanged,
  notAnApprover,
  nothingToWithdraw,
} from '../approvals.errors.js';
import type { Decision } from '../requests/decisions.store.js';
import { lookAt, presentRules, subjectWith } from '../requests/look.js';
import { ApprovalOverrides } from '../requests/overrides.js';
import { isSameRules, type ApprovalRequest } from '../requests/request.js';
import { lastRequest } from '../requests/requests.store.js';
import { ruleKey } from '../requests/standing.js';
import type { ApprovalRule } from '../rule.js';
import { refusalOf } from '../../windows/refusals.js';
import { StartGuards } from '../../windows/start-guards.js';
import { approvalStateOf } from './approval-state.js';
import type { Deciding } from './deciding.js';
import { DecisionProofs, type Evidence } from './decision-proof.js';
import type {
  ApprovalState,
  ApproveBody,
  CommentBody,
  RejectBody,
  WithdrawBody,
} from './decisions.dto.js';
import { newerThere } from './downgrade.queries.js';
import { TakenDecisions, type Voice } from './taken-decisions.js';
import { personOf, rulesOfVoter } from './voters.js';

export interface ExternalDecision {
  readonly deploymentId: string;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly gate: { readonly id: string; readonly name: string };
  readonly verb: 'approve' | 'reject';
  readonly comment?: string | null | undefined;
  readonly evidence?: Evidence | null;
}

/** Who may decide, and on what. What follows from a decision is written by TakenDecisions. */
@Injectable()
export class Decisions {
  constructor(
    private readonly database: Database,
    private readonly overrides: ApprovalOverrides,
    private readonly proofs: DecisionProofs,
    private readonly taken: TakenDecisions,
    private readonly guards: StartGuards,
  ) {}

  /**
   * Once, however often it is asked for. Throws what says why not: `approval-needs-person`,
   * `not-an-approver`, `approval-barred`, `approval-not-open`, `approval-subject-changed`,
   * `approval-downgrade`, `approval-reason-required`, what a guard refuses it for, and what the proof of a
   * rule does.
   */
  approve(ctx: Context, id: string, body: ApproveBody): Promise<ApprovalState> {
    return this.database.transaction(ctx, async (open) => {
      const { deciding, personId } = await this.begin(open, id);
      const { request } = deciding;
      const isSame = body.subjectDigest === request.subjectDigest;
      if (isSame && given(deciding, 'approve', personId)) return this.present(deciding);
      mustBeOpen(deciding);
      const rules = rulesOfVoter(request, personId, deciding.look);
      await mustBeCurrent(open, deciding, body.subjectDigest);
      mustBeExplained(rules, body.comment);
      await this.refuseHeld(open, deciding, body.comment);
      await mustBeAcknowledged(open, deciding, body.acknowledgeDowngrade);
      const evidence = await this.prove(open, request, rules, 'approve', body.assertion);
      const voice = { ...voiceOf(open, personId), evidence, comment: body.comment ?? null };
      return this.taken.approve(open, deciding, voice);
    });
  }

  /** The deployment ends as Rejected, with the reason. Throws as `approve` does, but for the subject. */
  reject(ctx: Context, id: string, { reason, assertion }: RejectBody): Promise<ApprovalState> {
    return this.database.transaction(ctx, async (open) => {
      const { deciding, personId } = await this.begin(open, id);
      if (given(deciding, 'reject', personId)) return this.present(deciding);
      mustBeOpen(deciding);
      const { request, look } = deciding;
      const rules = rulesOfVoter(request, personId, look);
      const evidence = await this.prove(open, request, rules, 'reject', assertion);
      const voice = { ...voiceOf(open, personId), evidence, comment: reason };
      return this.taken.reject(open, deciding, voice);
    });
  }

  /** Said, and nothing decided: by whoever may look at it. */
  comment(ctx: Context, id: string, { comment }: CommentBody): Promise<ApprovalState> {
    return this.database.transaction(ctx, async (open) => {
      const { deciding, personId } = await this.begin(open, id, Permission.ApprovalsRead);
      mustBeOpen(deciding);
      return this.taken.comment(open, deciding, { ...voiceOf(open, personId), comment });
    });
  }

  /** Throws `nothing-to-withdraw`, and `approval-not-open` when it was enough. */
  withdraw(ctx: Context, id: string, { reason }: WithdrawBody): Promise<ApprovalState> {
    return this.database.transaction(ctx, async (open) => {
      const { deciding, personId } = await this.begin(open, id);
      mustBeOpen(deciding);
      const own = given(deciding, 'approve', personId);
      if (!own) throw nothingToWithdraw();
      const voice = { ...voiceOf(open, personId), comment: reason ?? null };
      return this.taken.withdraw(open, deciding, voice, own);
    });
  }

  /** Of a system outside, which has proved who it is. Once. Throws as `approve` does. */
  async recordExternal(open: OpenContext, external: ExternalDecision): Promise<ApprovalState> {
    const { deploymentId, requestNumber, subjectDigest, gate, verb } = external;
    const deciding = await this.lock(open, deploymentId);
    const { request } = deciding;
    const isSame = request.number === requestNumber && request.subjectDigest === subjectDigest;
    if (isSame && given(deciding, verb, gate.id)) return this.present(deciding);
    mustBeOpen(deciding);
    if (!isSame) throw approvalSubjectChanged(request.subjectDigest);
    await mustBeCurrent(open, deciding, subjectDigest);
    const isAsked = request.rules.some((rule) => rule.external?.gateId === gate.id);
    if (!isAsked) throw notAnApprover(request.rules.map(({ name }) => name));
    const voice: Voice = {
      personId: null,
      gateId: gate.id,
      actor: `external:${gate.name}`,
      comment: external.comment ?? null,
      evidence: external.evidence ?? null,
    };
    if (verb === 'approve') return this.taken.approve(open, deciding, voice);
    const comment = voice.comment ?? `rejected by the external gate "${gate.name}"`;
    return this.taken.reject(open, deciding, { ...voice, comment });
  }

  private async begin(
    open: OpenContext,
    id: string,
    permission: Permission = Permission.ApprovalsDecide,
  ): Promise<{ readonly deciding: Deciding; readonly personId: string }> {
    await mustBeAllowed(open, id, permission);
    const personId = personOf(open.actor);
    return { deciding: await this.lock(open, id), personId };
  }

  /** Throws `deployment-not-found`, and `approval-not-open` when nobody was asked yet. */
  private async lock(open: OpenContext, id: string): Promise<Deciding> {
    const head = await lockForVerb(open, id);
    const spec = await specOf(open, id);
    const request = await lastRequest(open, id);
    if (!request) throw approvalNotOpen(head.status, null);
    const look = await lookAt(open, { spec, request, now: head.now }, this.overrides);
    return { id, head, spec, request, look };
  }

  /** Of freezes, only one that names approvals is in the way. Throws `frozen` and its like. */
  private async refuseHeld(
    open: OpenContext,
    { id, spec, head }: Deciding,
    reason: string | undefined,
  ): Promise<void> {
    const held = await this.guards.first(open, {
      spec,
      deployment: { id, lane: 'normal' },
      verb: 'approve',
      by: open.actor,
      reason,
      now: head.now,
    });
    if (held) throw refusalOf(held);
  }

  private present({ head, request, look: { standing } }: Deciding): ApprovalState {
    const { status } = request;
    return approvalStateOf({ deploymentStatus: head.status, request, status, standing });
  }

  /** By rule: what it proves counts for each of those that want one. */
  private async prove(
    open: OpenContext,
    request: ApprovalRequest,
    own: readonly ApprovalRule[],
    verb: 'approve' | 'reject',
    assertion: unknown,
  ): Promise<Evidence | null> {
    const rules = verb === 'approve' ? own.filter(({ passkeyRequired }) => passkeyRequired) : [];
    if (rules.length === 0 && assertion === undefined) return null;
    const evidence = await this.proofs.check(open, { request, rules, verb, assertion });
    // Signed although no rule wants it: kept all the same.
    const keys = rules.length === 0 ? ['decision'] : rules.map(ruleKey);
    return evidence && Object.fromEntries(keys.map((key) => [key, evidence]));
  }
}

function voiceOf({ actor }: Context, personId: string): Voice {
  return { personId, gateId: null, actor: actor.name, comment: null, evidence: null };
}

/** `by`: a person, or a gate. */
function given(
  { look: { decisions } }: Deciding,
  verb: 'approve' | 'reject',
  by: string,
): Decision | undefined {
  return decisions.find(
    (each) => each.verb === verb && each.voidedAt === null && (each.personId ?? each.gateId) === by,
  );
}

/** Throws `approval-not-open`. */
function mustBeOpen({ head, request, look }: Deciding): void {
  const isLate = request.status === 'open' && head.now >= request.deadlineAt.getTime();
  if (request.status !== 'open' || isLate || head.status !== 'PendingApproval') {
    throw approvalNotOpen(head.status, isLate ? 'expired' : request.status);
  }
  if (look.decisions.length >= limits.approvalDecisions) throw approvalCommentsFull();
}

/** Throws `approval-subject-changed`. */
async function mustBeCurrent(
  open: OpenContext,
  { request, spec }: Deciding,
  subjectDigest: string,
): Promise<void> {
  const rules = await presentRules(open, spec);
  // Asked again any moment now: what was asked is not what counts.
  if (!isSameRules(rules, request.rules)) {
    throw approvalSubjectChanged(subjectWith(open, spec, rules));
  }
  if (subjectDigest !== request.subjectDigest) throw approvalSubjectChanged(request.subjectDigest);
}

/** Throws `approval-reason-required`. */
function mustBeExplained(rules: readonly ApprovalRule[], comment: string | undefined): void {
  const curious = rules.find(({ reasonRequired }) => reasonRequired);
  if (curious && comment === undefined) throw approvalReasonRequired(curious.name);
}

/** Throws `approval-downgrade`. */
async function mustBeAcknowledged(
  open: OpenContext,
  { id, spec }: Deciding,
  isAcknowledged: boolean,
): Promise<void> {
  if (isAcknowledged) return;
  const running = await newerThere(open, id, spec);
  if (running === undefined) return;
  const { release, cluster } = spec;
  throw approvalDowngrade({ running, wanted: release.version, cluster: cluster.name });
}
