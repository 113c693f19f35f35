import { statement } from '../../platform/database/statement.js';
import { wake, type Invariant, type Repaired, type Repairing } from './invariant.js';

/**
 * A free slot is taken by the first in line: whoever freed it has woken that one. Unless that one
 * waits for capacity: then the slot waits with it.
 */
export const freeSlotAwaited: Invariant = {
  name: 'free-slot-awaited',
  found: 'a slot was free while the first in line slept',
  repair: statement<Repairing, Repaired>(
    'reconciler.free-slot-awaited',
    `with broken as (
      select r.tenant_id, r.id from deployment_slots s
      cross join lateral (
        select d.id from deployments d
        join runs w on w.tenant_id = d.tenant_id and w.kind = :kind and w.id = d.id
        where d.tenant_id = s.tenant_id and d.cluster_id = s.cluster_id
          and d.module_id = s.module_id and d.status = 'Pending'
          and (w.waiting_on->>'kind' = 'slot' or d.capacity_scope_id is not null)
        order by d.lane desc, d.id limit 1) first
      join runs r on r.tenant_id = s.tenant_id and r.kind = :kind and r.id = first.id
      where s.tenant_id = :tenantId and s.holder_deployment_id is null
        and r.waiting_on->>'kind' = 'slot'
        and r.lease_until is null and r.wake_at > (select clock_timestamp())
      limit :limit for update of s, r skip locked)
    ${wake('broken')}`,
  ),
};
