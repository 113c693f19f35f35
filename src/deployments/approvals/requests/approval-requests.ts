import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import { Settings } from '../../../platform/settings/settings.js';
import { newerReplacesPending } from '../approvals.settings.js';
import {
  approvalExpired,
  approvalGranted,
  approvalReopened,
  approvalReplaced,
  approvalRequested,
  approvalsVoided,
} from '../approvals.events.js';
import { DeploymentMetrics } from '../../deployment.metrics.js';
import { setSubject } from '../../deployments.store.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import type { ApprovalRule } from '../rule.js';
import { timeoutOf } from '../timeout.js';
import { voidDecisions } from './decisions.store.js';
import { factsOf, saidOf, type Said } from './facts.js';
import { countedRules, type Look, lookAt, presentRules, subjectWith } from './look.js';
import { newerOnSlot } from './newer.queries.js';
import { nextOf } from './next-of.js';
import { ApprovalOverrides } from './overrides.js';
import { isSameRules, type ApprovalRequest } from './request.js';
import { addRequest, changeRequest, lastRequest } from './requests.store.js';
import { missingText, type Standing } from './standing.js';

/** In the journal, and as who has ended a request. */
export const APPROVALS = 'system:approvals';

export interface Asking {
  readonly deploymentId: string;
  readonly spec: DeploymentSpec;
  /** The database's clock, in ms since the epoch. */
  readonly now: number;
}

/** What the engine is told when it looks. */
export type Settled =
  | { readonly is: 'met'; readonly said: Said }
  | {
      readonly is: 'open';
      readonly request: ApprovalRequest;
      readonly standing: Standing;
      /** People have just been asked: they have all the time there is. */
      readonly isNew: boolean;
      readonly said: Said;
    }
  | { readonly is: 'rejected'; readonly by: string; readonly reason: string; readonly said: Said };

/**
 * Asks people, and says how far that has come. Only the holder of the run's lease calls `settle`: it
 * alone asks, and it alone takes what was decided further.
 */
@Injectable()
export class ApprovalRequests {
  constructor(
    private readonly overrides: ApprovalOverrides,
    private readonly settings: Settings,
    private readonly metrics: DeploymentMetrics,
  ) {}

  async settle(open: OpenContext, asking: Asking): Promise<Settled> {
    const rules = await presentRules(open, asking.spec);
    const request = await lastRequest(open, asking.deploymentId);
    if (request === undefined) return this.ask(open, asking, rules, null);
    const { status, deadlineAt } = request;
    const isCurrent = isSameRules(rules, request.rules);
    const look = await lookAt(open, { ...asking, request }, this.overrides);
    const { standing } = look;
    const seen = { status, isCurrent, isMet: standing.met, deadlineMs: deadlineAt.getTime() };
    const next = nextOf(seen, asking.now);
    switch (next.do) {
      case 'ask':
        return this.ask(open, asking, rules, next.voids ? request : null, request.number);
      case 'go':
        return {
          is: 'met',
          said: next.grants ? await this.grant(open, asking, request, look) : [],
        };
      case 'expire':
        return this.expire(open, asking, request, standing);
      case 'wait': {
        const said = next.reopens ? await this.reopen(open, asking, request, standing) : [];
        return { is: 'open', request, standing, isNew: false, said };
      }
      case 'end': {
        const { endedBy, reason } = request;
        return {
          is: 'rejected',
          by: endedBy ?? APPROVALS,
          reason: reason ?? 'not approved',
          said: [],
        };
      }
    }
  }

  /**
   * What was approved may have waited for its turn since: null when all of it is still so, else why not.
   */
  async doubtOf(open: OpenContext, asking: Asking): Promise<string | null> {
    if (asking.spec.approvals.length === 0) return null;
    const rules = await presentRules(open, asking.spec);
    const request = await lastRequest(open, asking.deploymentId);
    if (rules.length === 0) return null;
    if (request?.status !== 'granted') return 'it has not been approved';
    if (!isSameRules(rules, request.rules)) return 'the approval requirements have changed since';
    const { standing } = await lookAt(open, { ...asking, request }, this.overrides);
    return standing.met ? null : `the approval no longer stands: ${missingText(standing)}`;
  }

  /** It has ended for another reason while people were asked. */
  async close(open: OpenContext, { deploymentId, spec }: Omit<Asking, 'now'>): Promise<void> {
    if (spec.approvals.length === 0) return;
    const request = await lastRequest(open, deploymentId);
    if (!request) return;
    const change = { from: ['open'], status: 'cancelled', by: APPROVALS, reason: null } as const;
    await changeRequest(open, request, change);
  }

  private async ask(
    open: OpenContext,
    asking: Asking,
    rules: readonly ApprovalRule[],
    voided: ApprovalRequest | null,
    lastNumber = 0,
  ): Promise<Settled> {
    const { deploymentId, spec, now } = asking;
    const before = voided ? await this.void(open, asking, voided) : [];
    if (rules.length === 0) return { is: 'met', said: before };
    const subjectDigest = subjectWith(open, spec, rules);
    if (!isSameRules(rules, spec.approvals)) await setSubject(open, deploymentId, subjectDigest);
    const request = await addRequest(open, {
      deploymentId,
      number: lastNumber + 1,
      subjectDigest,
      rules,
      // The step has no more time than it was planned with.
      timeoutMs: Math.min(timeoutOf(rules), timeoutOf(spec.approvals)),
    });
    const newer = await this.newerThan(open, asking);
    if (newer !== undefined) return this.replace(open, asking, request, newer, before);
    const facts = factsOf(spec, request);
    await open.record(approvalRequested(deploymentId, facts));
    open.tx.commitsAs('approval-asked');
    open.tx.afterCommit(() => this.metrics.approvalRequested(open.tenantId, spec));
    const { standing } = await lookAt(open, { spec, request, now }, this.overrides);
    const { deadlineAt, rules: names } = facts;
    const said = [...before, saidOf('requested', request, { deadlineAt, rules: names })];
    return { is: 'open', request, standing, isNew: true, said };
  }

  /** Throws nothing: whoever decides at the same moment waits for the deployment's row. */
  private async void(
    open: OpenContext,
    { deploymentId, spec }: Asking,
    request: ApprovalRequest,
  ): Promise<Said> {
    const reason = 'the approval requirements have changed';
    const change = { from: ['open', 'granted'], status: 'void', by: APPROVALS, reason } as const;
    await changeRequest(open, request, change);
    const decisions = await voidDecisions(open, request, reason);
    const facts = factsOf(spec, request);
    await open.record(approvalsVoided(deploymentId, { ...facts, reason, decisions }));
    return [saidOf('voided', request, { reason, decisions })];
  }

  private async newerThan(open: OpenContext, asking: Asking): Promise<string | undefined> {
    const { environment } = asking.spec;
    const place = { tenantId: open.tenantId, environment: environment.name };
    if (!this.settings.valueOf(newerReplacesPending, place)) return undefined;
    return newerOnSlot(open, asking.deploymentId);
  }

  private async replace(
    open: OpenContext,
    asking: Asking,
    request: ApprovalRequest,
    newerId: string,
    before: Said,
  ): Promise<Settled> {
    const reason = await replaceRequest(open, asking, request, newerId);
    this.rejected(open, asking);
    const said = [...before, saidOf('replaced', request, { reason })];
    return { is: 'rejected', by: APPROVALS, reason, said };
  }

  private async grant(
    open: OpenContext,
    { deploymentId, spec, now }: Asking,
    request: ApprovalRequest,
    look: Look,
  ): Promise<Said> {
    const change = { from: ['open'], status: 'granted', by: APPROVALS, reason: null } as const;
    await changeRequest(open, request, change);
    const counted = countedRules(request.rules, look, now);
    const how = { by: APPROVALS, counted, isOverridden: look.override !== null };
    await open.record(approvalGranted(deploymentId, { ...factsOf(spec, request), ...how }));
    open.tx.afterCommit(() => this.metrics.approvalGranted(open.tenantId, spec));
    return [saidOf('granted', request, { by: APPROVALS })];
  }

  private async reopen(
    open: OpenContext,
    { deploymentId, spec }: Asking,
    request: ApprovalRequest,
    standing: Standing,
  ): Promise<Said> {
    const reason = missingText(standing);
    const change = { from: ['granted'], status: 'open', by: null, reason: null } as const;
    await changeRequest(open, request, change);
    await open.record(approvalReopened(deploymentId, { ...factsOf(spec, request), reason }));
    return [saidOf('reopened', request, { reason })];
  }

  private async expire(
    open: OpenContext,
    asking: Asking,
    request: ApprovalRequest,
    standing: Standing,
  ): Promise<Settled> {
    const { deploymentId, spec } = asking;
    const reason = `not approved by ${request.deadlineAt.toISOString()}: ${missingText(standing)}`;
    const change = { from: ['open', 'granted'], status: 'expired', by: APPROVALS, reason } as const;
    await changeRequest(open, request, change);
    const facts = { ...factsOf(spec, request), by: APPROVALS, reason };
    await open.record(approvalExpired(deploymentId, facts));
    this.rejected(open, asking);
    return {
      is: 'rejected',
      by: APPROVALS,
      reason,
      said: [saidOf('expired', request, { reason })],
    };
  }

  private rejected(open: OpenContext, { spec }: Asking): void {
    open.tx.afterCommit(() => this.metrics.approvalRejected(open.tenantId, spec));
  }
}

/** The caller has its deployment locked. Answers what it is told. */
export async function replaceRequest(
  open: OpenContext,
  { deploymentId, spec }: Pick<Asking, 'deploymentId' | 'spec'>,
  request: ApprovalRequest,
  newerId: string,
): Promise<string> {
  const reason = `replaced by the newer deployment ${newerId}`;
  const change = { from: ['open'], status: 'replaced', by: APPROVALS, reason } as const;
  await changeRequest(open, request, change);
  const facts = { ...factsOf(spec, request), by: APPROVALS, reason };
  await open.record(approvalReplaced(deploymentId, facts));
  return reason;
}
