import { statement } from '../../platform/database/statement.js';
import { isFree, wake, type Invariant, type Repaired, type Repairing } from './invariant.js';

/**
 * Who waits for capacity is woken by an ending. Where nothing is in flight nothing can end, so the
 * first in line must have been woken already.
 */
export const freeCapacityAwaited: Invariant = {
  name: 'free-capacity-awaited',
  found: 'nothing was in flight where the first in line waited for capacity',
  repair: statement<Repairing, Repaired>(
    'reconciler.free-capacity-awaited',
    `with waiting as materialized (
      select distinct on (d.capacity_scope_id) d.id, d.capacity_scope_id as scope_id
      from deployments d
      where d.tenant_id = :tenantId and d.status = 'Pending' and d.capacity_scope_id is not null
      order by d.capacity_scope_id, d.id),
    broken as (
      select r.tenant_id, r.id from waiting
      join runs r on r.tenant_id = :tenantId and r.kind = :kind and r.id = waiting.id
      where ${isFree('r')} and r.wake_at > (select clock_timestamp())
        and not exists (
          select from deployments f where f.tenant_id = :tenantId and f.lane = 'normal'
            and f.status in ('Running', 'Paused', 'RollingBack')
            and waiting.scope_id in (f.cluster_id, f.environment_id, f.tenant_id))
      limit :limit for update of r skip locked)
    ${wake('broken')}`,
  ),
};
