/** What a new deployment is held against. */
import type { RunStatus } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { activeStatuses, type Lane } from '../deployment.states.js';
import type { Slot } from '../slots.store.js';

export interface Active {
  readonly id: string;
  readonly status: RunStatus;
  readonly lane: Lane;
}

type OnSlot = Slot & { readonly tenantId: string };

const ACTIVE = statement<OnSlot & { readonly statuses: readonly RunStatus[] }, Active>(
  'deployments.active-on-slot',
  `select id, status, lane from deployments
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and status = any(:statuses::text[])
   order by id`,
);

/** Those of the same module and cluster that are not over, oldest first. */
export function activeOn(open: OpenContext, { clusterId, moduleId }: Slot): Promise<Active[]> {
  const slot = { tenantId: open.tenantId, clusterId, moduleId };
  return open.tx.query(ACTIVE, { ...slot, statuses: activeStatuses });
}

export interface RolledBack {
  readonly id: string;
  readonly reason: string | null;
}

const ROLLED_BACK = statement<OnSlot & { readonly releaseId: string }, RolledBack>(
  'deployments.rolled-back-here',
  `select id, reason from deployments taken
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and release_id = :releaseId
     and status in ('RolledBack', 'RollbackFailed') and ending = 'RolledBack'
     and exists (
       select 1 from journal undo
       where undo.tenant_id = :tenantId and undo.deployment_id = taken.id
         and undo.kind = 'undo-planned' and undo.data ->> 'cause' = 'release')
     and not exists (
       select 1 from deployments later
       where later.tenant_id = :tenantId and later.cluster_id = :clusterId
         and later.module_id = :moduleId and later.release_id = :releaseId
         and later.status = 'Succeeded' and later.id > taken.id)
   order by id desc limit 1`,
);

/**
 * The last deployment of this release that was taken back there for what the release did itself;
 * undefined: there is none, or it has succeeded there since.
 */
export function rolledBackHere(
  open: OpenContext,
  { clusterId, moduleId }: Slot,
  releaseId: string,
): Promise<RolledBack | undefined> {
  const slot = { tenantId: open.tenantId, clusterId, moduleId };
  return open.tx.first(ROLLED_BACK, { ...slot, releaseId });
}
