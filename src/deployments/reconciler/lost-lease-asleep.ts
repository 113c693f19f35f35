import { statement } from '../../platform/database/statement.js';
import { wake, type Invariant, type Repaired, type Repairing } from './invariant.js';

/**
 * A worker that died had something to do: it was hinted at a run that was to sleep on. The lease
 * stays as it is, so that whoever takes the run counts the death.
 */
export const lostLeaseAsleep: Invariant = {
  name: 'lost-lease-asleep',
  found: 'a worker was lost with a run that nobody would have looked at for a while',
  repair: statement<Repairing, Repaired>(
    'reconciler.lost-lease-asleep',
    `with broken as (
      select r.tenant_id, r.id from runs r
      where r.tenant_id = :tenantId and r.kind = :kind
        and r.lease_until < (select clock_timestamp()) - interval '5 seconds'
        and r.wake_at > (select clock_timestamp())
      limit :limit for update of r skip locked)
    ${wake('broken')}`,
  ),
};
