/** The table `audit_stream_positions` as whoever manages a stream changes it. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Of = { readonly tenantId: string; readonly streamId: string };

const begin = statement<Of & { readonly position: number }>(
  'audit-stream-positions.begin',
  `insert into audit_stream_positions (tenant_id, stream_id, position, acknowledged, due_at)
   values (:tenantId, :streamId, :position, :position, (select clock_timestamp()))`,
);

export async function beginPosition(
  open: OpenContext,
  streamId: string,
  position: number,
): Promise<void> {
  await open.tx.execute(begin, { tenantId: open.tenantId, streamId, position });
}

const park = statement<Of>(
  'audit-stream-positions.park',
  `update audit_stream_positions set due_at = null, behind_since = null, told_at = null
   where tenant_id = :tenantId and stream_id = :streamId`,
);

/** Nothing goes out any more; what is on its way still counts. */
export async function parkPosition(open: OpenContext, streamId: string): Promise<void> {
  await open.tx.execute(park, { tenantId: open.tenantId, streamId });
}

const wake = statement<Of>(
  'audit-stream-positions.wake',
  `update audit_stream_positions set due_at = (select clock_timestamp()), failures = 0
   where tenant_id = :tenantId and stream_id = :streamId`,
);

/** It is tried at once, as if nothing had failed. */
export async function wakePosition(open: OpenContext, streamId: string): Promise<void> {
  await open.tx.execute(wake, { tenantId: open.tenantId, streamId });
}

const drop = statement<Of, { readonly undelivered: number }>(
  'audit-stream-positions.drop',
  `delete from audit_stream_positions p
   where p.tenant_id = :tenantId and p.stream_id = :streamId
   returning greatest(0, coalesce((select size from audit_trees t
     where t.tenant_id = p.tenant_id), 0) - p.position) as undelivered`,
);

/** How many entries of the log it had yet to look at. */
export async function dropPosition(open: OpenContext, streamId: string): Promise<number> {
  const row = await open.tx.first(drop, { tenantId: open.tenantId, streamId });
  return row?.undelivered ?? 0;
}
