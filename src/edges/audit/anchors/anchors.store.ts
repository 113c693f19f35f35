/** The table `audit_anchors`: which checkpoint has to go to which place outside, and what has become of it. */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

const plan = statement<{
  readonly tenantIds: readonly string[];
  readonly sizes: readonly number[];
  readonly sinks: readonly string[];
}>(
  'audit-anchors.plan',
  `insert into audit_anchors (tenant_id, sink, size)
   select c.tenant_id, s.sink, c.size
   from unnest(:tenantIds::uuid[], :sizes::bigint[]) as c (tenant_id, size)
   cross join unnest(:sinks::text[]) as s (sink)`,
);

export async function planAnchors(
  tx: SystemTransaction,
  checkpoints: readonly { readonly tenantId: string; readonly size: number }[],
  sinks: readonly string[],
): Promise<void> {
  await tx.execute(plan, {
    tenantIds: checkpoints.map(({ tenantId }) => tenantId),
    sizes: checkpoints.map(({ size }) => size),
    sinks,
  });
}

type Named = { readonly tenantId: string; readonly sink: string; readonly size: number };

export type DueAnchor = Named & { readonly note: string; readonly failures: number };

const claim = statement<
  { readonly sinks: readonly string[]; readonly take: number; readonly leaseMs: number },
  DueAnchor
>(
  'audit-anchors.claim',
  `with due as (
     select tenant_id, sink, size from audit_anchors
     where anchored_at is null and next_try_at <= (select clock_timestamp()) and sink = any(:sinks::text[])
     order by next_try_at limit :take for update skip locked),
   mine as (
     update audit_anchors a set next_try_at = (select clock_timestamp()) + :leaseMs * interval '1 ms'
     from due d where a.tenant_id = d.tenant_id and a.sink = d.sink and a.size = d.size
     returning a.tenant_id, a.sink, a.size, a.failures)
   select m.tenant_id as "tenantId", m.sink, m.size, m.failures, c.note
   from mine m join audit_checkpoints c on c.tenant_id = m.tenant_id and c.size = m.size`,
);

export function claimAnchors(
  tx: SystemTransaction,
  wanted: { readonly sinks: readonly string[]; readonly take: number; readonly leaseMs: number },
): Promise<DueAnchor[]> {
  return tx.query(claim, wanted);
}

const done = statement<Named & { readonly countersigned: string | null }>(
  'audit-anchors.done',
  `update audit_anchors set anchored_at = (select clock_timestamp()), countersigned = :countersigned
   where tenant_id = :tenantId and sink = :sink and size = :size`,
);

export async function noteAnchored(
  tx: SystemTransaction,
  anchored: Named & { readonly countersigned: string | null },
): Promise<void> {
  const { tenantId, sink, size, countersigned } = anchored;
  await tx.execute(done, { tenantId, sink, size, countersigned });
}

const failed = statement<Named & { readonly delayMs: number }>(
  'audit-anchors.failed',
  `update audit_anchors set failures = failures + 1,
     next_try_at = (select clock_timestamp()) + :delayMs * interval '1 ms'
   where tenant_id = :tenantId and sink = :sink and size = :size`,
);

export async function postponeAnchor(
  tx: SystemTransaction,
  { tenantId, sink, size }: Named,
  delayMs: number,
): Promise<void> {
  await tx.execute(failed, { tenantId, sink, size, delayMs });
}
