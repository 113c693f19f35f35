/**
 * The table `deployment_slots`: one row for each module on a cluster, held by the one rollout that may
 * be in flight there. Locked before any deployment, after the tenant's capacity.
 */
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import type { Lane } from './deployment.states.js';
import { RUN_KIND } from './runs/runs.store.js';

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

const LOCK_OF = statement<{ readonly tenantId: string; readonly id: string }>(
  'slots.lock-of',
  `select 1 from deployment_slots s
   join deployments d on d.tenant_id = s.tenant_id and d.cluster_id = s.cluster_id
     and d.module_id = s.module_id
   where d.tenant_id = :tenantId and d.id = :id for update of s`,
);

/** The one that this deployment holds or waits for, until the end of the transaction. */
export async function lockSlotOf(open: OpenContext, deploymentId: string): Promise<void> {
  await open.tx.query(LOCK_OF, { tenantId: open.tenantId, id: deploymentId });
}

export interface SlotSeen {
  readonly holderId: string | null;
  /** Who waits, too, and comes first. */
  readonly aheadId: string | null;
  /** Of the one that looks. */
  readonly lane: Lane;
  readonly hasWaitedForCapacity: boolean;
}

const LOOK = statement<NamedSlot & { readonly id: string; readonly kind: string }, SlotSeen>(
  'slots.look',
  `select s.holder_deployment_id as "holderId", own.lane,
     own.capacity_scope_id is not null as "hasWaitedForCapacity",
     (select d.id from deployments d
      join runs r on r.tenant_id = d.tenant_id and r.kind = :kind and r.id = d.id
      where d.tenant_id = s.tenant_id and d.cluster_id = s.cluster_id
        and d.module_id = s.module_id and d.status = 'Pending'
        and (r.waiting_on->>'kind' = 'slot' or d.capacity_scope_id is not null)
        and (d.lane > own.lane or (d.lane = own.lane and d.id < own.id))
      order by d.lane desc, d.id limit 1) as "aheadId"
   from deployment_slots s
   join deployments own on own.tenant_id = s.tenant_id and own.id = :id
   where s.tenant_id = :tenantId and s.cluster_id = :clusterId and s.module_id = :moduleId`,
);

/** As the deployment of that id sees it. Undefined: there is no such slot. */
export function lookAtSlot(
  open: OpenContext,
  { clusterId, moduleId }: Slot,
  id: string,
): Promise<SlotSeen | undefined> {
  return open.tx.first(LOOK, { tenantId: open.tenantId, clusterId, moduleId, id, kind: RUN_KIND });
}

const TAKE = statement<NamedSlot & { readonly id: string }>(
  'slots.take',
  `update deployment_slots set holder_deployment_id = :id
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId`,
);

/** The caller has it locked, and has looked. */
export async function takeSlot(
  open: OpenContext,
  { clusterId, moduleId }: Slot,
  id: string,
): Promise<void> {
  await open.tx.execute(TAKE, { tenantId: open.tenantId, clusterId, moduleId, id });
}

const FREE = statement<NamedSlot & { readonly id: string }>(
  'slots.free',
  `update deployment_slots set holder_deployment_id = null
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and holder_deployment_id = :id`,
);

/** If this deployment holds it. */
export async function freeSlot(
  open: OpenContext,
  { clusterId, moduleId }: Slot,
  id: string,
): Promise<void> {
  await open.tx.execute(FREE, { tenantId: open.tenantId, clusterId, moduleId, id });
}

// Also who has looked already and has not yet gone to sleep: a hint keeps it awake.
const NEXT = statement<
  NamedSlot & { readonly id: string; readonly kind: string },
  { readonly id: string }
>(
  'slots.next',
  `with queue as (
     select d.id, looked.waits, row_number() over (
       partition by looked.waits order by d.lane desc, d.id) as place
     from deployments d
     join runs r on r.tenant_id = d.tenant_id and r.kind = :kind and r.id = d.id
     cross join lateral (
       select d.capacity_scope_id is not null
         or r.waiting_on->>'kind' is not distinct from 'slot' as waits) looked
     where d.tenant_id = :tenantId and d.cluster_id = :clusterId and d.module_id = :moduleId
       and d.status = 'Pending' and d.id <> :id)
   select id from queue where not waits or place = 1`,
);

/** Who is to look at it when that deployment has freed it. */
export async function nextForSlot(
  open: OpenContext,
  { clusterId, moduleId }: Slot,
  id: string,
): Promise<string[]> {
  const asked = { tenantId: open.tenantId, clusterId, moduleId, id, kind: RUN_KIND };
  return (await open.tx.query(NEXT, asked)).map((next) => next.id);
}
