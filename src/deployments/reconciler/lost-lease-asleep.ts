import { wake, type Invariant } from './invariant.js';

/**
 * A worker that died had something to do: it was hinted at a run that was to sleep on. The lease
 * stays as it is, so that whoever takes the run counts the death.
 */
export const lostLeaseAsleep: Invariant = {
  name: 'lost-lease-asleep',
  found: 'a worker was lost with a run that nobody would have looked at for a while',
  repairSql: `
    with broken as (
      select r.tenant_id, r.id from runs r
      where r.tenant_id = $1 and r.kind = $2
        and r.lease_until < (select clock_timestamp()) - interval '5 seconds'
        and r.wake_at > (select clock_timestamp())
      limit $3 for update of r skip locked)
    ${wake('broken')}`,
};
