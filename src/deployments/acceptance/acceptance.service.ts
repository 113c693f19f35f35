import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import type { RunStatus } from '../../engine/run.js';
import { Audit } from '../../platform/audit/audit.js';
import type { OpenContext } from '../../platform/context.js';
import { Outbox } from '../../platform/outbox/outbox.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import { linksOf, type DeploymentAccepted } from '../deployments.dto.js';
import { subjectOf, type DeploymentSpec } from '../planning/deployment-spec.js';
import { Planner } from '../planning/planner.js';
import { deploymentRun } from '../runs/runs.store.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';
import { ConflictPolicy, type Lane } from './conflict-policy.js';

/** How a deployment came to be. */
export interface Origin {
  readonly kind: 'deploy' | 'rollback' | 'retry';
  readonly originId: string | null;
  /** Of a rollback: the deployment that the request named as what shall come back. */
  readonly to?: string | undefined;
  /** Rollbacks go first: in the queue for a slot, and for the engine. */
  readonly lane: Lane;
  readonly reason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** What is known against it beforehand, besides what its plan says. */
  readonly warnings?: readonly string[];
}

/** The one way in: every deployment, whoever asked for it and how, is planned and written here. */
@Injectable()
export class Acceptance {
  constructor(
    private readonly planner: Planner,
    private readonly conflicts: ConflictPolicy,
    private readonly audit: Audit,
    private readonly wakeUp: WakeUp,
    private readonly signal: Signal,
    private readonly metrics: DeploymentMetrics,
    private readonly outbox: Outbox,
  ) {}

  async accept(
    open: OpenContext,
    spec: DeploymentSpec,
    origin: Origin,
  ): Promise<DeploymentAccepted> {
    const planned = await this.planner.plan(open, spec);
    const id = newId();
    const { kind, originId, to, lane, reason, metadata } = origin;
    // Last before writing: it holds the slot's lock until the end of the transaction.
    const superseded = await this.conflicts.settle(open, { id, lane }, spec);
    const warnings = [...(origin.warnings ?? []), ...wayBackWarnings(planned.plan)];
    const { digest: subjectDigest } = subjectOf(open.tenantId, spec);
    const about = {
      ...(originId ? { kind, originId } : {}),
      ...(to ? { to } : {}),
      ...(reason ? { reason } : {}),
      ...(superseded.length > 0 ? { supersedes: superseded } : {}),
      ...warningsOf(warnings),
    };
    await open.tx.execute(INSERT_SQL, [
      open.tenantId,
      id,
      spec.environment.id,
      spec.cluster.id,
      spec.module.id,
      spec.release.id,
      spec.configuration?.id ?? null,
      spec.strategy.kind,
      canonicalJson(spec),
      subjectDigest,
      JSON.stringify(metadata),
      open.actor.name,
      planned.planText,
      planned.planDigest,
      planned.factsText,
      JSON.stringify({ status: 'Pending', previousStatus: null, ...about }),
      kind,
      originId,
      lane,
    ]);
    await this.outbox.append(open, { streamId: id, upToSeq: FIRST_ENTRIES });
    await this.audit.append(open, {
      category: 'deployments',
      action: kind === 'deploy' ? 'deployment-created' : `${kind}-created`,
      subject: { kind: 'deployment', id },
      body: { module: spec.module.name, version: spec.release.version, subjectDigest, ...about },
    });
    const key = deploymentRun(open.tenantId, id);
    open.tx.commitsAs('accept');
    open.tx.afterCommit(() => {
      if (lane === 'rollback') this.wakeUp.urgently(key);
      else this.wakeUp.now(key);
      this.signal.publish(Topic.Deployment, id);
      this.metrics.accepted(open.tenantId, spec);
    });
    return acceptedView(id, 'Pending', spec, warnings);
  }
}

export function acceptedView(
  id: string,
  status: RunStatus,
  spec: DeploymentSpec,
  warnings: readonly string[],
): DeploymentAccepted {
  return {
    id,
    status,
    moduleName: spec.module.name,
    version: spec.release.version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    ...warningsOf(warnings),
    links: linksOf(id),
  };
}

/** Of the journal: `created` and `planned`, written by the statement below. */
const FIRST_ENTRIES = 2;

/** Deployment, plan, run and the first journal entries: one statement, one round trip. */
const INSERT_SQL = `
  with deployment as (
    insert into deployments (tenant_id, id, environment_id, cluster_id, module_id, release_id,
      configuration_id, strategy, status, journal_seq, spec_text, subject_digest, metadata,
      requested_by, kind, origin_id, lane)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'Pending', 2, $9, $10, $11, $12, $17, $18, $19)),
  plan as (
    insert into plans (tenant_id, deployment_id, number, role, body_text, plan_digest,
      subject_digest, facts_text)
    values ($1, $2, 1, 'forward', $13, $14, $10, $15)),
  run as (
    insert into runs (tenant_id, kind, id, lane, wake_at)
    values ($1, 'deployment', $2, $19, clock_timestamp()))
  insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor, data)
  values ($1, $2, 1, clock_timestamp(), 0, 'created', $12, $16),
         ($1, $2, 2, clock_timestamp(), 1, 'planned', $12, '{}')`;
