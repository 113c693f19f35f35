import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../../platform/context.js';
import { Settings } from '../../../platform/settings/settings.js';
import { DeploymentMetrics } from '../../deployment.metrics.js';
import { lockForVerb } from '../../deployments.store.js';
import type { DeploymentSpec } from '../../planning/deployment-spec.js';
import { RunHints } from '../../run-hints.js';
import { DeploymentRows } from '../../runs/deployment-rows.js';
import { JournalWriter } from '../../runs/journal.store.js';
import { deploymentRun } from '../../runs/runs.store.js';
import { specOf } from '../../runs/spec-of.js';
import { newerReplacesPending } from '../approvals.settings.js';
import { APPROVALS, replaceRequest } from './approval-requests.js';
import { saidOf } from './facts.js';
import { lastRequest } from './requests.store.js';

/** A newer deployment takes the place of older ones of the same target that still wait for people. */
@Injectable()
export class PendingReplacement {
  constructor(
    private readonly settings: Settings,
    private readonly hints: RunHints,
    private readonly metrics: DeploymentMetrics,
    private readonly rows: DeploymentRows,
  ) {}

  /**
   * `waiting`: ids of those that were waiting when the slot was locked, oldest first. Answers those that are
   * replaced: the engine ends each as Rejected. Who has been approved meanwhile has not waited any more.
   */
  async replace(
    open: OpenContext,
    newerId: string,
    spec: DeploymentSpec,
    waiting: readonly string[],
  ): Promise<string[]> {
    const place = { tenantId: open.tenantId, environment: spec.environment.name };
    if (waiting.length === 0 || !this.settings.valueOf(newerReplacesPending, place)) return [];
    const replaced: string[] = [];
    for (const id of waiting) {
      if (await this.replaceOne(open, newerId, id)) replaced.push(id);
    }
    return replaced;
  }

  private async replaceOne(open: OpenContext, newerId: string, id: string): Promise<boolean> {
    const head = await lockForVerb(open, id);
    const request = await lastRequest(open, id);
    if (head.status !== 'PendingApproval' || request?.status !== 'open') return false;
    const spec = await specOf(open, id);
    const reason = await replaceRequest(open, { deploymentId: id, spec }, request, newerId);
    const journal = new JournalWriter(open, deploymentRun(open.tenantId, id), this.rows, head);
    const data = saidOf('replaced', request, { reason });
    journal.append({ kind: 'approval', planNumber: 0, actor: APPROVALS, data });
    await journal.flush(null);
    open.tx.afterCommit(() => this.metrics.approvalRejected(open.tenantId, spec));
    await this.hints.poke(open, id);
    return true;
  }
}
