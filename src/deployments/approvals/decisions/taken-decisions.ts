import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import type { OpenContext } from '../../../platform/context.js';
import { DeploymentMetrics } from '../../deployment.metrics.js';
import { RunHints } from '../../run-hints.js';
import { DeploymentRows } from '../../runs/deployment-rows.js';
import { JournalWriter } from '../../runs/journal.store.js';
import { deploymentRun } from '../../runs/runs.store.js';
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
  type NewDecision,
} from '../requests/decisions.store.js';
import { factsOf, provedBy, saidOf, type SaidEvent } from '../requests/facts.js';
import { countedRules, standingWith } from '../requests/look.js';
import { changeRequest } from '../requests/requests.store.js';
import type { RequestStatus } from '../requests/request.js';
import type { Standing } from '../requests/standing.js';
import { approvalStateOf } from './approval-state.js';
import type { ApprovalState } from './decisions.dto.js';
import type { Deciding } from './deciding.js';

/** Who says it, and what goes with it. */
export type Voice = Omit<NewDecision, 'id' | 'verb'>;

interface After {
  readonly status: RequestStatus;
  readonly standing: Standing;
}

/**
 * Writes down what somebody has said about a deployment that waits, and wakes whoever takes it further:
 * the holder of the run's lease, who alone changes a status. All of it is one transaction.
 */
@Injectable()
export class TakenDecisions {
  constructor(
    private readonly rows: DeploymentRows,
    private readonly hints: RunHints,
    private readonly metrics: DeploymentMetrics,
  ) {}

  /** The last one that is needed starts the rollout. */
  async approve(open: OpenContext, deciding: Deciding, voice: Voice): Promise<ApprovalState> {
    const { id, spec, request, look, head } = deciding;
    const decision = await this.add(open, deciding, 'approve', voice);
    const { id: decisionId, actor: by, comment } = decision;
    const facts = factsOf(spec, request);
    await open.record(
      approvalGiven(id, { ...facts, decisionId, by, comment, ...provedBy(decision) }),
    );
    const journal = this.journalOf(open, deciding);
    journal.append(said(deciding, voice, 'given', { comment }));
    const decisions = [...look.decisions, decision];
    const now = Math.max(head.now, decision.at.getTime());
    const standing = standingWith(request.rules, { ...look, decisions }, now);
    if (standing.met) {
      const granted = { from: ['open'], status: 'granted', by, reason: null } as const;
      await changeRequest(open, request, granted);
      const counted = countedRules(request.rules, { ...look, decisions }, now);
      const isOverridden = look.override !== null;
      await open.record(approvalGranted(id, { ...facts, by, counted, isOverridden }));
      journal.append(said(deciding, voice, 'granted', {}));
      open.tx.afterCommit(() => this.metrics.approvalGranted(open.tenantId, spec));
    }
    await journal.flush(null);
    await this.wake(open, id);
    return stateOf(deciding, { status: standing.met ? 'granted' : 'open', standing });
  }

  async reject(
    open: OpenContext,
    deciding: Deciding,
    voice: Voice & { readonly comment: string },
  ): Promise<ApprovalState> {
    const { id, spec, request, look } = deciding;
    const decision = await this.add(open, deciding, 'reject', voice);
    const { id: decisionId, actor: by } = decision;
    const reason = voice.comment;
    await changeRequest(open, request, { from: ['open'], status: 'rejected', by, reason });
    const said = { decisionId, by, reason, ...provedBy(decision) };
    await open.record(approvalRejected(id, { ...factsOf(spec, request), ...said }));
    await this.note(open, deciding, voice, 'rejected', { reason });
    open.tx.afterCommit(() => this.metrics.approvalRejected(open.tenantId, spec));
    await this.wake(open, id);
    return stateOf(deciding, { status: 'rejected', standing: look.standing });
  }

  async comment(open: OpenContext, deciding: Deciding, voice: Voice): Promise<ApprovalState> {
    const { id, spec, request, look } = deciding;
    const decision = await this.add(open, deciding, 'comment', voice);
    const { id: decisionId, actor: by, comment } = decision;
    const facts = { ...factsOf(spec, request), decisionId, by, comment };
    await open.record(approvalCommented(id, facts));
    await this.note(open, deciding, voice, 'commented', { comment });
    return stateOf(deciding, { status: 'open', standing: look.standing });
  }

  /** `own`: what they have said before, and what counts no more. */
  async withdraw(
    open: OpenContext,
    deciding: Deciding,
    voice: Voice,
    own: Decision,
  ): Promise<ApprovalState> {
    const { id, spec, request, look, head } = deciding;
    await voidDecision(open, id, own.id, 'withdrawn');
    const { actor: by, comment } = await this.add(open, deciding, 'withdraw', voice);
    const facts = { ...factsOf(spec, request), decisionId: own.id, by, comment };
    await open.record(approvalWithdrawn(id, facts));
    await this.note(open, deciding, voice, 'withdrawn', { comment });
    await this.wake(open, id);
    const decisions = look.decisions.filter((each) => each.id !== own.id);
    const standing = standingWith(request.rules, { ...look, decisions }, head.now);
    return stateOf(deciding, { status: 'open', standing });
  }

  private add(
    open: OpenContext,
    { request }: Deciding,
    verb: DecisionVerb,
    voice: Voice,
  ): Promise<Decision> {
    open.tx.commitsAs('approval-decided');
    return addDecision(open, request, { ...voice, id: newId(), verb });
  }

  private journalOf(open: OpenContext, { id, head }: Deciding): JournalWriter {
    return new JournalWriter(open, deploymentRun(open.tenantId, id), this.rows, head);
  }

  private async note(
    open: OpenContext,
    deciding: Deciding,
    voice: Voice,
    event: SaidEvent,
    more: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const journal = this.journalOf(open, deciding);
    journal.append(said(deciding, voice, event, more));
    await journal.flush(null);
  }

  /** A person waits for what comes of it. */
  private async wake(open: OpenContext, id: string): Promise<void> {
    await this.hints.poke(open, id);
    this.hints.urgent(open, id);
  }
}

function said(
  { request }: Deciding,
  { actor }: Voice,
  event: SaidEvent,
  more: Readonly<Record<string, unknown>>,
) {
  const data = saidOf(event, request, { by: actor, ...more });
  return { kind: 'approval', planNumber: 0, actor, data } as const;
}

function stateOf({ head, request }: Deciding, after: After): ApprovalState {
  return approvalStateOf({ deploymentStatus: head.status, request, ...after });
}
