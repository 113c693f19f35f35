import { isOpen, wake, type Invariant } from './invariant.js';

/** A deployment that is not over is looked at some day: without a time it would be forgotten. */
export const openRunAsleep: Invariant = {
  name: 'open-run-asleep',
  found: 'a deployment that is not over was never to be looked at again',
  repairSql: `
    with broken as (
      select r.tenant_id, r.id from deployments d
      join runs r on r.tenant_id = d.tenant_id and r.kind = $2 and r.id = d.id
      where d.tenant_id = $1 and ${isOpen('d')} and r.wake_at is null
      limit $3 for update of d, r skip locked)
    ${wake('broken')}`,
};
