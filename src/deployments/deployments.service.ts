import { Injectable } from '@nestjs/common';
import { counted } from '../kernel/counted.js';
import { waveCount, type Plan } from '../engine/plan.js';
import { Permission } from '../kernel/permission.js';
import type { Context, OpenContext } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { idempotent } from '../platform/http/idempotency.js';
import { Settings } from '../platform/settings/settings.js';
import { Acceptance } from './acceptance/acceptance.service.js';
import { AcceptanceQueue } from './acceptance/acceptance-queue.js';
import { refuseRolledBack } from './acceptance/loop-guard.js';
import {
  type DeploymentAccepted,
  type DeploymentRequest,
  type PlannedDeploymentView,
} from './deployments.dto.js';
import { refuseImpossible } from './approvals/requests/refuse-impossible.js';
import type { ApprovalRule } from './approvals/rule.js';
import { subjectOf, type DeploymentSpec } from './planning/deployment-spec.js';
import { Planner, type PlannedDeployment } from './planning/planner.js';
import { resolveSpec } from './planning/resolve-spec.js';
import { stepView } from './reads/plan-view.js';
import { stepTypes } from './strategies/step-types.js';
import { warningsOf, wayBackWarnings } from './steps/way-back-warnings.js';

/** Accepts deployments, and says beforehand what one would do. */
@Injectable()
export class DeploymentsService {
  constructor(
    private readonly database: Database,
    private readonly planner: Planner,
    private readonly acceptance: Acceptance,
    private readonly acceptanceQueue: AcceptanceQueue,
    private readonly settings: Settings,
  ) {}

  /** Everything is written in one transaction; the answer says what was committed. */
  async create(
    ctx: Context,
    request: DeploymentRequest,
    idempotencyKey: string | undefined,
  ): Promise<DeploymentAccepted> {
    mustBeAllowedThere(ctx, request);
    const call = { key: idempotencyKey, route: 'POST /deployments', body: request };
    const answer = await this.acceptanceQueue.run(ctx.tenantId, () =>
      idempotent(this.database, ctx, call, async (open) => ({
        status: 202,
        body: await this.accept(open, request),
      })),
    );
    return answer.body;
  }

  /** The same checks and the same plan as create(); nothing is written. */
  async dryRun(ctx: Context, request: DeploymentRequest): Promise<PlannedDeploymentView> {
    mustBeAllowedThere(ctx, request);
    return this.database.transaction(ctx, async (open) => {
      const spec = await checkedSpec(open, request, this.settings);
      await refuseImpossible(open, spec);
      const planned = await this.planner.plan(open, spec);
      return plannedView(open, spec, planned);
    });
  }

  private async accept(open: OpenContext, request: DeploymentRequest): Promise<DeploymentAccepted> {
    const spec = await checkedSpec(open, request, this.settings);
    const { metadata, reason = null } = request;
    const origin = { kind: 'deploy', originId: null, lane: 'normal' } as const;
    return this.acceptance.accept(open, spec, { ...origin, reason, metadata });
  }
}

/** Before anything is told of what is there. Throws `permission-missing`. */
function mustBeAllowedThere(ctx: Context, request: DeploymentRequest): void {
  const { moduleName: module, targetEnvironment: environment } = request;
  ctx.require(Permission.DeploymentsCreate, { module, environment });
}

async function checkedSpec(
  open: OpenContext,
  request: DeploymentRequest,
  settings: Settings,
): Promise<DeploymentSpec> {
  const spec = await resolveSpec(open, request, settings);
  await refuseRolledBack(open, spec);
  return spec;
}

function plannedView(
  ctx: Context,
  spec: DeploymentSpec,
  { plan, planDigest, factsText }: PlannedDeployment,
): PlannedDeploymentView {
  const facts = JSON.parse(factsText) as { name: string; state: string }[];
  const leftOut = facts.filter(({ state }) => state !== 'Healthy');
  return {
    subjectDigest: subjectOf(ctx.tenantId, spec).digest,
    planDigest,
    steps: plan.steps.map(stepView),
    nodes: facts.length - leftOut.length,
    waves: waveCount(plan),
    leftOut: leftOut.map(({ name, state }) => ({ name, state })),
    approvals: spec.approvals.map(neededView),
    ...warningsOf(wayBackWarnings(plan)),
    gate: { kind: spec.gate.kind, ...spec.gate.params },
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    expectedDurationMs: expectedDuration(plan),
  };
}

function neededView({
  name,
  kind,
  quorum,
}: ApprovalRule): PlannedDeploymentView['approvals'][number] {
  const reason =
    kind === 'external'
      ? `"${name}": an answer from outside`
      : `"${name}": ${counted(quorum, 'person')}`;
  return { reason, name, kind, quorum };
}

/** What is waited for on purpose: gates, and keeping the old release. Starting takes what it takes. */
function expectedDuration({ steps }: Plan): { least: number; most: number } {
  const waits = steps.flatMap((step) => {
    if (stepTypes.keep.is(step)) return { least: step.params.keepMs, most: step.params.keepMs };
    if (!stepTypes.gate.is(step)) return [];
    const { minWaitMs = 0, maxWaitMs = 0 } = step.params.gate.params;
    return { least: Number(minWaitMs), most: Number(maxWaitMs) };
  });
  return {
    least: waits.reduce((sum, { least }) => sum + least, 0),
    most: waits.reduce((sum, { most }) => sum + most, 0),
  };
}
