import { statement } from '../../platform/database/statement.js';
import { isOpen, type Invariant, type Repaired, type Repairing } from './invariant.js';

/** Who is over holds no turn; the next in line is woken by the invariant after this one. */
export const slotHeldByFinished: Invariant = {
  name: 'slot-held-by-finished',
  found: 'a deployment that is over still held its slot',
  repair: statement<Omit<Repairing, 'kind'>, Repaired>(
    'reconciler.slot-held-by-finished',
    `with broken as (
      select s.tenant_id, s.cluster_id, s.module_id, d.id from deployment_slots s
      join deployments d on d.tenant_id = s.tenant_id and d.id = s.holder_deployment_id
      where s.tenant_id = :tenantId and not ${isOpen('d')}
      limit :limit for update of s, d skip locked)
    update deployment_slots s set holder_deployment_id = null
    from broken b where s.tenant_id = b.tenant_id and s.cluster_id = b.cluster_id
      and s.module_id = b.module_id
    returning b.id`,
  ),
};
