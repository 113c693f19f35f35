import { Injectable } from '@nestjs/common';
import type { RunKey } from '../../engine/run.js';
import { Audit } from '../../platform/audit/audit.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { Outbox } from '../../platform/outbox/outbox.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { lockCapacity } from '../admission/capacity-lock.js';
import { deploymentStates } from '../deployment.states.js';
import type { RunRows, StatusChanged } from './run-rows.js';
import { runTable } from './run-table.js';
import { RUN_KIND } from './runs.store.js';
import { auditStatus } from './status-audit.js';

const SQL = runTable('deployments');

const lockSlot = statement<{ readonly tenantId: string; readonly id: string }>(
  'deployments.lock-slot',
  `select 1 from deployment_slots s
   join deployments d on d.tenant_id = s.tenant_id and d.cluster_id = s.cluster_id
     and d.module_id = s.module_id
   where d.tenant_id = :tenantId and d.id = :id for update of s`,
);

/** Deployments are runs: their rows, and who is told of what the engine does with them. */
@Injectable()
export class DeploymentRows implements RunRows {
  readonly kind = RUN_KIND;
  readonly title = 'Deployment';
  readonly sql = SQL;
  readonly states = deploymentStates;

  constructor(
    private readonly audit: Audit,
    private readonly outbox: Outbox,
    private readonly signal: Signal,
  ) {}

  /** Who begins or ends a rollout: its tenant's capacity, then the slot. */
  lockShared(open: OpenContext, id: string): readonly Promise<unknown>[] {
    return [lockCapacity(open), open.tx.query(lockSlot, { tenantId: open.tenantId, id })];
  }

  statusChanged(open: OpenContext, change: StatusChanged): Promise<void> {
    return auditStatus(open, this.audit, change);
  }

  journalled(open: OpenContext, id: string, upToSeq: number): Promise<void> {
    return this.outbox.append(open, { streamId: id, upToSeq });
  }

  changed({ id }: RunKey): void {
    this.signal.publish(Topic.Deployment, id);
  }
}
