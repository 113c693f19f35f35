import { statement } from '../../platform/database/statement.js';
import { isFree, isOpen, type Invariant, type Repaired, type Repairing } from './invariant.js';

/** A deployment that is over has nothing to be looked at for. A gate's poller wakes its own first. */
export const finishedRunAwake: Invariant = {
  name: 'finished-run-awake',
  found: 'a deployment that is over was to be looked at again',
  repair: statement<Repairing, Repaired>(
    'reconciler.finished-run-awake',
    `with broken as (
      select r.tenant_id, r.id from runs r
      join deployments d on d.tenant_id = r.tenant_id and d.id = r.id
      where r.tenant_id = :tenantId and r.kind = :kind and r.lane in ('normal', 'rollback')
        and r.wake_at is not null and not r.polls_gate and ${isFree('r')} and not ${isOpen('d')}
      limit :limit for update of d, r skip locked)
    update runs r set wake_at = null, waiting_on = null, gate = null, lease_owner = null,
      lease_until = null, failures = 0
    from broken b where r.tenant_id = b.tenant_id and r.kind = :kind and r.id = b.id
    returning r.id`,
  ),
};
