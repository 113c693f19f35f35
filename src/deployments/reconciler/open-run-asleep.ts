import { statement } from '../../platform/database/statement.js';
import { isOpen, wake, type Invariant, type Repaired, type Repairing } from './invariant.js';

/** A deployment that is not over is looked at some day: without a time it would be forgotten. */
export const openRunAsleep: Invariant = {
  name: 'open-run-asleep',
  found: 'a deployment that is not over was never to be looked at again',
  repair: statement<Repairing, Repaired>(
    'reconciler.open-run-asleep',
    `with broken as (
      select r.tenant_id, r.id from deployments d
      join runs r on r.tenant_id = d.tenant_id and r.kind = :kind and r.id = d.id
      where d.tenant_id = :tenantId and ${isOpen('d')} and r.wake_at is null
      limit :limit for update of d, r skip locked)
    ${wake('broken')}`,
  ),
};
