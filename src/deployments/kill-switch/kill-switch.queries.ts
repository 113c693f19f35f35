/** Whether anything may go forward: the tenant's switch and the platform's, in one statement. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export interface SwitchFound {
  readonly level: 'tenant' | 'platform';
  readonly reason: string;
  readonly changedBy: string;
  readonly changedAt: Date;
}

const TURNED_ON = statement<{ readonly tenantId: string }, SwitchFound>(
  'kill-switches.turned-on',
  `select 'platform' as level, reason, changed_by as "changedBy", changed_at as "changedAt"
   from platform_switch where is_on
   union all
   select 'tenant', reason, changed_by, changed_at
   from kill_switches where tenant_id = :tenantId and is_on`,
);

/** The platform's before the tenant's; undefined: both are off. Linearizable under the lock of starts only. */
export function switchTurnedOn(open: OpenContext): Promise<SwitchFound | undefined> {
  return open.tx.first(TURNED_ON, { tenantId: open.tenantId });
}
