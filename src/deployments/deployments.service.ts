import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../kernel/canonical-json.js';
import { DomainError } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { limits } from '../kernel/limits.js';
import { waveCount, type Plan } from '../engine/plan.js';
import { Audit } from '../platform/audit/audit.js';
import type { Context } from '../platform/context.js';
import { Database } from '../platform/database/database.js';
import { idempotent } from '../platform/http/idempotency.js';
import { Outbox } from '../platform/outbox/outbox.js';
import { WakeUp } from '../platform/queue/wake-up.js';
import { Signal } from '../platform/signal/signal.js';
import { Topic } from '../platform/signal/topics.js';
import { DeploymentMetrics } from './deployment.metrics.js';
import {
  linksOf,
  type DeploymentAccepted,
  type DeploymentRequest,
  type PlannedDeploymentView,
} from './deployments.dto.js';
import { subjectOf, type DeploymentSpec } from './planning/deployment-spec.js';
import { Planner, type PlannedDeployment } from './planning/planner.js';
import { resolveSpec } from './planning/resolve-spec.js';
import { stepView } from './reads/plan-view.js';

/** Accepts deployments, and says beforehand what one would do. */
@Injectable()
export class DeploymentsService {
  constructor(
    private readonly database: Database,
    private readonly planner: Planner,
    private readonly audit: Audit,
    private readonly wakeUp: WakeUp,
    private readonly signal: Signal,
    private readonly metrics: DeploymentMetrics,
    private readonly outbox: Outbox,
  ) {}

  /** Everything is written in one transaction; the answer says what was committed. */
  async create(
    context: Context,
    request: DeploymentRequest,
    idempotencyKey: string | undefined,
  ): Promise<DeploymentAccepted> {
    const answer = await idempotent(
      this.database,
      context,
      { key: idempotencyKey, route: 'POST /deployments', body: request },
      async (ctx) => ({ status: 202, body: await this.accept(ctx, request) }),
    );
    return answer.body;
  }

  /** The same checks and the same plan as create(); nothing is written. */
  async dryRun(context: Context, request: DeploymentRequest): Promise<PlannedDeploymentView> {
    refuseApproval(request);
    return this.database.transaction(context, async (ctx) => {
      const spec = await resolveSpec(ctx, request);
      const planned = await this.planner.plan(ctx, spec);
      return plannedView(ctx, spec, planned);
    });
  }

  private async accept(ctx: Context, request: DeploymentRequest): Promise<DeploymentAccepted> {
    refuseApproval(request);
    const spec = await resolveSpec(ctx, request);
    const planned = await this.planner.plan(ctx, spec);
    await refuseFullQueue(ctx, spec);
    const id = newId();
    const { digest: subjectDigest } = subjectOf(ctx.tenantId, spec);
    await ctx.tx.execute(INSERT_SQL, [
      ...[ctx.tenantId, id, spec.environment.id, spec.cluster.id, spec.module.id],
      ...[spec.release.id, spec.configuration?.id ?? null, spec.strategy.kind],
      ...[canonicalJson(spec), subjectDigest, JSON.stringify(request.metadata), ctx.actor.name],
      ...[planned.planText, planned.planDigest, planned.factsText],
      JSON.stringify({ status: 'Pending', previousStatus: null }),
    ]);
    await this.outbox.append(ctx, { streamId: id, upToSeq: FIRST_ENTRIES });
    await this.audit.append(ctx, {
      category: 'deployments',
      action: 'deployment-created',
      subject: { kind: 'deployment', id },
      body: { module: spec.module.name, version: spec.release.version, subjectDigest },
    });
    const key = { tenantId: ctx.tenantId, id };
    ctx.tx.afterCommit(() => {
      this.wakeUp.now(key);
      this.signal.publish(Topic.Deployment, id);
      this.metrics.accepted(ctx.tenantId, spec);
    });
    return acceptedView(id, spec);
  }
}

/** Until approvals exist, a request for one must not look as if it had been heard. */
function refuseApproval(request: DeploymentRequest): void {
  if (!request.requireApproval) return;
  throw new DomainError(
    'unprocessable',
    'approvals-not-supported',
    'This version cannot ask for approvals yet. Send the request without requireApproval.',
  );
}

async function refuseFullQueue(ctx: Context, spec: DeploymentSpec): Promise<void> {
  const [row] = await ctx.tx.query<{ waiting: number }>(
    `select count(*)::int as waiting from deployments
     where tenant_id = $1 and cluster_id = $2 and module_id = $3
       and status in ('Pending', 'PendingApproval')`,
    [ctx.tenantId, spec.cluster.id, spec.module.id],
  );
  const waiting = row?.waiting ?? 0;
  if (waiting < limits.queuedPerSlot) return;
  throw new DomainError(
    'conflict',
    'queue-full',
    `${waiting} deployments of "${spec.module.name}" wait for cluster "${spec.cluster.name}" already. Cancel some, or wait.`,
    { details: { waiting } },
  );
}

function acceptedView(id: string, spec: DeploymentSpec): DeploymentAccepted {
  return {
    id,
    status: 'Pending',
    moduleName: spec.module.name,
    version: spec.release.version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    links: linksOf(id),
  };
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
    approvals: [],
    gate: { kind: spec.gate.kind, ...spec.gate.params },
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    expectedDurationMs: expectedDuration(plan, spec),
  };
}

/** What the gates alone take; starting a release takes what it takes. */
function expectedDuration(plan: Plan, { gate }: DeploymentSpec): { least: number; most: number } {
  const count = plan.steps.filter(({ kind }) => kind === 'gate').length;
  return {
    least: count * Number(gate.params.minWaitMs ?? 0),
    most: count * Number(gate.params.maxWaitMs ?? 0),
  };
}

/** Deployment, plan, run, slot and the first journal entries: one statement, one round trip. */
/** Of the journal: `created` and `planned`, written by the statement below. */
const FIRST_ENTRIES = 2;

const INSERT_SQL = `
  with deployment as (
    insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id,
      configuration_id, strategy, status, journal_seq, spec_text, subject_digest, metadata,
      requested_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'Pending', 2, $9, $10, $11, $12)),
  plan as (
    insert into plans (tenant_id, deployment_id, number, role, body_text, plan_digest,
      subject_digest, facts_text)
    values ($1, $2, 1, 'forward', $13, $14, $10, $15)),
  run as (
    insert into runs (tenant_id, kind, id, wake_at)
    values ($1, 'deployment', $2, clock_timestamp())),
  slot as (
    insert into deployment_slots (tenant_id, cluster_id, module_id) values ($1, $4, $5)
    on conflict do nothing)
  insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor, data)
  values ($1, $2, 1, clock_timestamp(), 0, 'created', $12, $16),
         ($1, $2, 2, clock_timestamp(), 1, 'planned', $12, '{}')`;
