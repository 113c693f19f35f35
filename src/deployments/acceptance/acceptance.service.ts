import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { takeQuota } from '../../tenancy/quotas/quotas.events.js';
import { refuseImpossible } from '../approvals/requests/refuse-impossible.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import type { Lane } from '../deployment.states.js';
import { linksOf, type DeploymentAccepted } from '../deployments.dto.js';
import { deployedBy, deploymentCreated } from '../deployments.events.js';
import { addDeployment, type CameBy } from '../deployments.store.js';
import { subjectOf, type DeploymentSpec } from '../planning/deployment-spec.js';
import { Planner } from '../planning/planner.js';
import { RunHints } from '../run-hints.js';
import { DeploymentRows } from '../runs/deployment-rows.js';
import { FIRST_WRITTEN } from '../runs/journal.store.js';
import { RUN_KIND } from '../runs/runs.store.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';
import { refusalOf } from '../windows/refusals.js';
import { StartGuards } from '../windows/start-guards.js';
import { ConflictPolicy } from './conflict-policy.js';

/** How a deployment came to be. */
export interface Origin {
  readonly kind: CameBy;
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
    private readonly rows: DeploymentRows,
    private readonly hints: RunHints,
    private readonly metrics: DeploymentMetrics,
    private readonly guards: StartGuards,
  ) {}

  /** Throws what planning does, `approval-impossible`, `quota-exceeded`, and what a guard refuses it for. */
  async accept(
    open: OpenContext,
    spec: DeploymentSpec,
    origin: Origin,
  ): Promise<DeploymentAccepted> {
    const { kind, originId, to, lane, reason, metadata } = origin;
    await this.refuseHeld(open, spec, origin);
    await refuseImpossible(open, spec);
    const planned = await this.planner.plan(open, spec);
    const id = newId();
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
    await addDeployment(open, {
      kind: RUN_KIND,
      id,
      environmentId: spec.environment.id,
      clusterId: spec.cluster.id,
      moduleId: spec.module.id,
      releaseId: spec.release.id,
      configurationId: spec.configuration?.id ?? null,
      strategy: spec.strategy.kind,
      specText: canonicalJson(spec),
      subjectDigest,
      metadata: JSON.stringify(metadata),
      planText: planned.planText,
      planDigest: planned.planDigest,
      factsText: planned.factsText,
      created: JSON.stringify({ status: 'Pending', previousStatus: null, ...about }),
      cameBy: kind,
      originId,
      lane,
    });
    await this.rows.journalled(open, id, FIRST_WRITTEN);
    const { name: module } = spec.module;
    const { version } = spec.release;
    const { tokenId: workloadTokenId } = open.actor;
    const what = {
      module,
      version,
      subjectDigest,
      releaseId: spec.release.id,
      deployed: deployedBy(spec),
      ...(workloadTokenId ? { workloadTokenId } : {}),
    };
    await open.record(deploymentCreated[kind](id, { ...what, ...about }));
    // What goes back is never held up by a quota, and takes nothing of it.
    if (lane === 'normal') await takeQuota(open, 'deploymentsPerMonth');
    open.tx.commitsAs('accept');
    this.hints.due(open, id, lane);
    open.tx.afterCommit(() => this.metrics.accepted(open.tenantId, spec));
    return acceptedView(id, 'Pending', spec, warnings);
  }

  /** Throws `frozen`, `target-held`. */
  private async refuseHeld(
    open: OpenContext,
    spec: DeploymentSpec,
    { lane, originId, reason }: Origin,
  ): Promise<void> {
    const isReturn = lane === 'rollback';
    const held = await this.guards.first(open, {
      spec,
      // Who was let pass is let back, too.
      deployment: { id: isReturn ? originId : null, lane },
      verb: isReturn ? 'rollback' : 'create',
      by: open.actor,
      reason,
      now: null,
    });
    if (held) throw refusalOf(held);
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
