import { statement } from '../../platform/database/statement.js';
import {
  isFree,
  isOpen,
  wake,
  type Invariant,
  type Repaired,
  type Repairing,
} from './invariant.js';

/**
 * A verb is answered soon: nobody sleeps past one. A run that fails is left alone, because it is
 * tried again by itself.
 */
export const signalSleptPast: Invariant = {
  name: 'signal-slept-past',
  found: 'a run slept past a verb that somebody had asked for',
  repair: statement<Repairing, Repaired>(
    'reconciler.signal-slept-past',
    `with broken as (
      select r.tenant_id, r.id from deployments d
      join runs r on r.tenant_id = d.tenant_id and r.kind = :kind and r.id = d.id
      where d.tenant_id = :tenantId and ${isOpen('d')} and ${isFree('r')} and r.failures = 0
        and r.wake_at > (select clock_timestamp()) + interval '1 second'
        and exists (
          select 1 from signals s where s.tenant_id = d.tenant_id and s.deployment_id = d.id
            and s.at < (select clock_timestamp()) - interval '5 seconds'
            and not exists (
              select 1 from journal j where j.tenant_id = s.tenant_id
                and j.deployment_id = s.deployment_id and j.kind = 'applied'
                and j.data->>'number' = s.number::text))
      limit :limit for update of d, r skip locked)
    ${wake('broken')}`,
  ),
};
