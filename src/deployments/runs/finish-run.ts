import { Injectable } from '@nestjs/common';
import type { RunStatus } from '../../engine/run.js';
import type { RunTransaction } from '../../engine/run-store.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { OpenContext } from '../../platform/context.js';
import { Logger } from '../../platform/logging/logger.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { Capacity } from '../admission/capacity.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { deploymentRun, pokeRun, RUN_KIND } from './runs.store.js';
import { specOf } from './spec-of.js';

/** What ending a run means: what the cluster runs from now on, and whose turn is next. */
@Injectable()
export class FinishRun {
  constructor(
    private readonly targets: Targets,
    private readonly capacity: Capacity,
    private readonly wakeUp: WakeUp,
    private readonly metrics: DeploymentMetrics,
    private readonly logger: Logger,
  ) {}

  async finish(tx: RunTransaction, deploymentId: string, status: RunStatus): Promise<void> {
    const { open } = tx;
    const spec = await specOf(open, deploymentId);
    if (status === 'Succeeded') {
      await this.targets.get(spec.cluster.targetKind).setTarget(open, {
        clusterId: spec.cluster.id,
        moduleId: spec.module.id,
        deploymentId,
        releaseId: spec.release.id,
        configurationId: spec.configuration?.id ?? null,
      });
    }
    await this.releaseSlot(open, deploymentId, spec);
    await this.capacity.passOn(open, { id: deploymentId, clusterId: spec.cluster.id });
    const [row] = await open.tx.query<{ seconds: number }>(
      `select extract(epoch from clock_timestamp() - created_at)::float8 as seconds
       from deployments where tenant_id = $1 and id = $2`,
      [open.tenantId, deploymentId],
    );
    open.tx.afterCommit(() =>
      this.metrics.finished(open.tenantId, spec, status, row?.seconds ?? 0),
    );
    if (status === 'RollbackFailed') {
      open.tx.afterCommit(() => this.alarm(open.tenantId, deploymentId, spec));
    }
  }

  /** Nobody tries again by itself: docs/runbooks/rollback-failed.md says what a person does. */
  private alarm(tenant: string, deployment: string, spec: DeploymentSpec): void {
    const place = { module: spec.module.name, cluster: spec.cluster.name };
    const runbook = 'docs/runbooks/rollback-failed.md';
    this.logger.error({ tenant, deployment, ...place, runbook }, 'a rollback failed');
  }

  /** Frees the slot and wakes the one that has waited for it longest. */
  private async releaseSlot(
    open: OpenContext,
    deploymentId: string,
    spec: DeploymentSpec,
  ): Promise<void> {
    await open.tx.execute(
      `update deployment_slots set holder_deployment_id = null
       where tenant_id = $1 and cluster_id = $2 and module_id = $3 and holder_deployment_id = $4`,
      [open.tenantId, spec.cluster.id, spec.module.id, deploymentId],
    );
    // Also who has looked already and has not yet gone to sleep: the hint keeps it awake.
    const woken = await open.tx.query<{ id: string }>(
      `with queue as (
         select d.id, looked.waits, row_number() over (
           partition by looked.waits order by d.lane desc, d.id) as place
         from deployments d
         join runs r on r.tenant_id = d.tenant_id and r.kind = $4 and r.id = d.id
         cross join lateral (
           select d.capacity_scope_id is not null
             or r.waiting_on->>'kind' is not distinct from 'slot' as waits) looked
         where d.tenant_id = $1 and d.cluster_id = $2 and d.module_id = $3
           and d.status = 'Pending' and d.id <> $5)
       select id from queue where not waits or place = 1`,
      [open.tenantId, spec.cluster.id, spec.module.id, RUN_KIND, deploymentId],
    );
    for (const { id } of woken) {
      await open.tx.execute(pokeRun, deploymentRun(open.tenantId, id));
      open.tx.afterCommit(() => this.wakeUp.now(deploymentRun(open.tenantId, id)));
    }
  }
}
