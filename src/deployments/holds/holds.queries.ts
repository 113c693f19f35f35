import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export interface HoldFound {
  readonly id: string;
  readonly placedBy: string;
  readonly placedAt: Date;
}

const OPEN_HOLD = statement<
  { readonly tenantId: string; readonly clusterId: string; readonly moduleId: string },
  HoldFound
>(
  'target-holds.open',
  `select id, placed_by as "placedBy", placed_at as "placedAt" from target_holds
   where tenant_id = :tenantId and cluster_id = :clusterId and module_id = :moduleId
     and released_at is null`,
);

/** Of that module on that cluster; undefined: there is none. */
export function openHold(
  open: OpenContext,
  target: { readonly clusterId: string; readonly moduleId: string },
): Promise<HoldFound | undefined> {
  return open.tx.first(OPEN_HOLD, { tenantId: open.tenantId, ...target });
}
