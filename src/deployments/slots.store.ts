/**
 * The table `deployment_slots`: one row for each module on a cluster, held by the one rollout that may
 * be in flight there. Locked before any deployment, after the tenant's capacity.
 */
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';

export type Slot = {
  readonly clusterId: string;
  readonly moduleId: string;
};

type NamedSlot = Slot & { readonly tenantId: string };

const MAKE = statement<NamedSlot>(
  'slots.make',
  `insert into deployment_slots (tenant_id, cluster_id, module_id)
   values (:tenantId, :clusterId, :moduleId) on conflict do nothing`,
);

const LOCK = statement<NamedSlot, { readonly locked: number }>(
  'slots.lock',
  `select 1 as locked from deployment_slots
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId for update`,
);

/** Until the end of the transaction. The first deployment of a module makes its slot. */
export async function lockSlot(open: OpenContext, slot: Slot): Promise<void> {
  const { clusterId, moduleId } = slot;
  const named = { tenantId: open.tenantId, clusterId, moduleId };
  await open.tx.execute(MAKE, named);
  await open.tx.query(LOCK, named);
}
