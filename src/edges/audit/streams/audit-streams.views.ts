/** How far audit streams have come, as it is shown to whoever manages them. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

export interface StreamProgress {
  readonly streamId: string;
  readonly position: number;
  readonly acknowledged: number;
  /** Of the log. */
  readonly size: number;
  readonly deliveredAt: Date | null;
  readonly behindSince: Date | null;
  readonly failures: number;
  readonly lastError: string | null;
  readonly dueAt: Date | null;
}

const progress = statement<
  { readonly tenantId: string; readonly ids: readonly string[] },
  StreamProgress
>(
  'audit-stream-positions.progress',
  `select p.stream_id as "streamId", p.position, p.acknowledged, coalesce(t.size, 0) as size,
     p.delivered_at as "deliveredAt", p.behind_since as "behindSince", p.failures,
     p.last_error as "lastError", p.due_at as "dueAt"
   from audit_stream_positions p left join audit_trees t on t.tenant_id = p.tenant_id
   where p.tenant_id = :tenantId and p.stream_id = any(:ids::uuid[])`,
);

export async function progressOf(
  open: OpenContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StreamProgress>> {
  const rows = await open.tx.query(progress, { tenantId: open.tenantId, ids });
  return new Map(rows.map((row) => [row.streamId, row]));
}
