import { Injectable } from '@nestjs/common';
import { newId } from '../../../kernel/ids.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { answerOf, type AnswerOf } from '../../../platform/http/answer.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Settings } from '../../../platform/settings/settings.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { lockForVerb, type VerbHead } from '../../deployments.store.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { RunHints } from '../../run-hints.js';
import { DeploymentRows } from '../../runs/deployment-rows.js';
import { JournalWriter } from '../../runs/journal.store.js';
import { deploymentRun } from '../../runs/runs.store.js';
import { specOf } from '../../runs/spec-of.js';
import { refusalOf } from '../../windows/refusals.js';
import { StartGuards } from '../../windows/start-guards.js';
import { approvalNotOpen, approvalSubjectChanged } from '../approvals.errors.js';
import { personOf } from '../decisions/voters.js';
import { factsOf, saidOf } from '../requests/facts.js';
import { electorateOf, presentRules, subjectWith } from '../requests/look.js';
import { isSameRules, type ApprovalRequest } from '../requests/request.js';
import { lastRequest } from '../requests/requests.store.js';
import { isBarred } from '../rule.js';
import * as dto from './break-glass.dto.js';
import * as errors from './break-glass.errors.js';
import { breakGlassReviewedEvent, breakGlassUsed } from './break-glass.events.js';
import { breakGlass, breakGlassReviewHours } from './break-glass.settings.js';
import {
  addBreakGlass,
  type BreakGlass,
  breakGlassOf,
  lockForReview,
  reviewBreakGlass,
} from './break-glass.store.js';
import { breakGlassRows } from './break-glass.views.js';

export type BreakGlassView = AnswerOf<typeof dto.breakGlassOut>;

/**
 * A deployment that is started without the approvals that it waits for: it takes the place of the quorum and of
 * nothing else, is told to everybody at once, and stays marked until another person has reviewed it.
 */
@Injectable()
export class BreakGlassService {
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly rows: DeploymentRows,
    private readonly hints: RunHints,
    private readonly guards: StartGuards,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'approvals' });
  }

  list(ctx: Context, query: dto.BreakGlassQuery): Promise<Page<BreakGlassView>> {
    const isOpen = query.open === undefined ? null : query.open === 'true';
    return this.database.transaction(ctx, (open) =>
      newestFirst('break-glass', query, async (before, take) =>
        (await breakGlassRows(open, { isOpen, before, take })).map((row) => viewOf(row, row)),
      ),
    );
  }

  /**
   * Once for a request; whoever has done it and asks again hears so. Throws `approval-needs-person`,
   * `break-glass-off`, `approval-not-open`, `approval-subject-changed`, and what holds a start.
   */
  use(ctx: Context, deploymentId: string, body: dto.BreakGlassBody): Promise<BreakGlassView> {
    const personId = personOf(ctx.actor);
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, deploymentId, Permission.ApprovalsBreakGlass);
      const head = await lockForVerb(open, deploymentId);
      const spec = await specOf(open, deploymentId);
      const request = await lastRequest(open, deploymentId);
      const before = request && (await breakGlassOf(open, deploymentId, request.number));
      if (before?.personId === personId) return viewOf(before, placeOf(spec));
      this.mustBeOn(open, spec);
      if (request?.status !== 'open') throw approvalNotOpen(head.status, request?.status ?? null);
      await mustBeSubject(open, { spec, request, subjectDigest: body.subjectDigest });
      await this.refuseHeld(open, { spec, id: deploymentId, now: head.now });
      const used = await this.add(open, request, { personId, spec, reason: body.reason });
      await this.note(open, request, { head, used });
      await this.hints.poke(open, deploymentId);
      this.hints.urgent(open, deploymentId);
      return viewOf(used, placeOf(spec));
    });
  }

  /**
   * By another person who may decide there. Throws `approval-needs-person`, `break-glass-not-found`,
   * `break-glass-own-review`, `break-glass-reviewed`.
   */
  review(ctx: Context, deploymentId: string, body: dto.ReviewBody): Promise<BreakGlassView> {
    const personId = personOf(ctx.actor);
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, deploymentId, Permission.ApprovalsDecide);
      const used = await lockForReview(open, deploymentId);
      if (!used) throw errors.breakGlassNotFound();
      if (used.reviewedBy !== null) throw errors.breakGlassReviewed(used.reviewedBy);
      const spec = await specOf(open, deploymentId);
      const request = (await lastRequest(open, deploymentId))!;
      if (await isOwnWork(open, { used, personId, spec, request })) {
        throw errors.breakGlassOwnReview();
      }
      const by = open.actor.name;
      const given = { id: used.id, reviewer: personId, reviewedBy: by, ...body };
      const reviewed = await reviewBreakGlass(open, given);
      if (!reviewed) throw errors.breakGlassOwnReview();
      const about = aboutOf(spec, request, used);
      await open.record(breakGlassReviewedEvent(deploymentId, { ...about, by, ...body }));
      return viewOf(reviewed, placeOf(spec));
    });
  }

  /** It is in the place of people, and of nothing that holds what they have approved. */
  private async refuseHeld(
    open: OpenContext,
    { spec, id, now }: { readonly spec: DeploymentSpec; readonly id: string; readonly now: number },
  ): Promise<void> {
    const deployment = { id, lane: 'normal' } as const;
    const held = await this.guards.first(open, {
      spec,
      deployment,
      verb: 'approve',
      by: null,
      now,
    });
    if (held) throw refusalOf(held);
  }

  private mustBeOn({ tenantId }: OpenContext, { environment: { name } }: DeploymentSpec): void {
    const value = this.settings.valueOf(breakGlass, { tenantId, environment: name });
    if (value !== 'on') throw errors.breakGlassOff(name);
  }

  /** So that its own history says why it went on. */
  private async note(
    open: OpenContext,
    request: ApprovalRequest,
    { head, used: { usedBy: by, reason } }: { readonly head: VerbHead; readonly used: BreakGlass },
  ): Promise<void> {
    const run = deploymentRun(open.tenantId, request.deploymentId);
    const journal = new JournalWriter(open, run, this.rows, head);
    const data = saidOf('overridden', request, { by, reason });
    journal.append({ kind: 'approval', planNumber: 0, actor: by, data });
    await journal.flush(null);
  }

  private async add(
    open: OpenContext,
    request: ApprovalRequest,
    by: { readonly personId: string; readonly spec: DeploymentSpec; readonly reason: string },
  ): Promise<BreakGlass> {
    const { deploymentId, number: requestNumber, subjectDigest } = request;
    const { personId, spec, reason } = by;
    const at = { tenantId: open.tenantId, environment: spec.environment.name };
    const reviewHours = this.settings.valueOf(breakGlassReviewHours, at);
    const usedBy = open.actor.name;
    const who = { id: newId(), personId, usedBy, reason, reviewHours };
    const used = await addBreakGlass(open, {
      ...who,
      deploymentId,
      requestNumber,
      subjectDigest,
    });
    const reviewDueAt = used.reviewDueAt.toISOString();
    const told = { by: usedBy, personId, reason, reviewDueAt };
    await open.record(breakGlassUsed(deploymentId, { ...factsOf(spec, request), ...told }));
    open.tx.afterCommit(() =>
      this.log.warn(
        { tenantId: open.tenantId, deploymentId, by: usedBy },
        'a deployment starts without its approvals',
      ),
    );
    return used;
  }
}

/** As for a decision: what they have seen is what would be deployed, under the rules of now. */
async function mustBeSubject(
  open: OpenContext,
  asked: {
    readonly spec: DeploymentSpec;
    readonly request: ApprovalRequest;
    readonly subjectDigest: string;
  },
): Promise<void> {
  const { spec, request, subjectDigest } = asked;
  const rules = await presentRules(open, spec);
  if (!isSameRules(rules, request.rules)) {
    throw approvalSubjectChanged(subjectWith(open, spec, rules));
  }
  if (subjectDigest !== request.subjectDigest) throw approvalSubjectChanged(request.subjectDigest);
}

/** They have started it, or one of its rules would keep them from deciding: somebody else looks at it. */
async function isOwnWork(
  open: OpenContext,
  about: {
    readonly used: BreakGlass;
    readonly personId: string;
    readonly spec: DeploymentSpec;
    readonly request: ApprovalRequest;
  },
): Promise<boolean> {
  const { used, personId, spec, request } = about;
  const { rules, requestedByPerson } = request;
  if (used.personId === personId || requestedByPerson === personId) return true;
  const { barred } = await electorateOf(open, spec, rules, requestedByPerson);
  return rules.some((rule) => isBarred(rule, personId, barred));
}

export function aboutOf(spec: DeploymentSpec, request: ApprovalRequest, used: BreakGlass) {
  return {
    module: spec.module.name,
    version: spec.release.version,
    environment: spec.environment.name,
    requestedBy: request.requestedByPerson,
    requestNumber: used.requestNumber,
  };
}

interface Place {
  readonly module: string;
  readonly version: string;
  readonly environment: string;
}

function placeOf({ module, release, environment }: DeploymentSpec): Place {
  return { module: module.name, version: release.version, environment: environment.name };
}

function viewOf(used: BreakGlass, { module, version, environment }: Place): BreakGlassView {
  const isOverdue = used.overdueAt !== null && used.reviewedAt === null;
  return answerOf(dto.breakGlassOut, { ...used, module, version, environment, isOverdue });
}
