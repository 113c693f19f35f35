import { Injectable } from '@nestjs/common';
import type { RunStatus } from '../../engine/run.js';
import type { RunTransaction } from '../../engine/run-store.js';
import { Targets } from '../../drivers/targets/targets.js';
import type { OpenContext } from '../../platform/context.js';
import { Logger } from '../../platform/logging/logger.js';
import { Capacity } from '../admission/capacity.js';
import { ApprovalRequests } from '../approvals/requests/approval-requests.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import { ageOf } from '../deployments.queries.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { RunHints } from '../run-hints.js';
import { freeSlot, nextForSlot, type Slot } from '../slots.store.js';
import { specOf } from './spec-of.js';

/** What ending a run means: what the cluster runs from now on, and whose turn is next. */
@Injectable()
export class FinishRun {
  constructor(
    private readonly targets: Targets,
    private readonly capacity: Capacity,
    private readonly approvals: ApprovalRequests,
    private readonly hints: RunHints,
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
    await this.approvals.close(open, { deploymentId, spec });
    const slot = { clusterId: spec.cluster.id, moduleId: spec.module.id };
    await this.releaseSlot(open, slot, deploymentId);
    await this.capacity.passOn(open, { id: deploymentId, clusterId: spec.cluster.id });
    const seconds = await ageOf(open, deploymentId);
    open.tx.afterCommit(() => this.metrics.finished(open.tenantId, spec, status, seconds));
    if (status === 'RollbackFailed') {
      open.tx.afterCommit(() => this.alarm(open.tenantId, deploymentId, spec));
    }
  }

  /** Nobody tries again by itself: docs/runbooks/rollback-failed.md says what a person does. */
  private alarm(tenantId: string, deployment: string, spec: DeploymentSpec): void {
    const place = { module: spec.module.name, cluster: spec.cluster.name };
    const runbook = 'docs/runbooks/rollback-failed.md';
    this.logger.error({ tenantId, deployment, ...place, runbook }, 'a rollback failed');
  }

  /** Frees the slot and wakes the one that has waited for it longest. */
  private async releaseSlot(open: OpenContext, slot: Slot, deploymentId: string): Promise<void> {
    await freeSlot(open, slot, deploymentId);
    for (const id of await nextForSlot(open, slot, deploymentId)) await this.hints.poke(open, id);
  }
}
