/** What places that cannot be read have answered, as the database knows it. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Of = { readonly tenantId: string; readonly sink: string };

interface Acknowledgements {
  readonly checkpoints: number;
  readonly size: number;
  readonly countersigned: number;
}

const acknowledged = statement<Of, Acknowledgements>(
  'audit-anchors.acknowledged',
  `select count(*)::int as checkpoints, coalesce(max(size), 0)::float8 as size,
     count(countersigned)::int as countersigned
   from audit_anchors where tenant_id = :tenantId and sink = :sink and anchored_at is not null`,
);

export async function acknowledgedBy(open: OpenContext, sink: string): Promise<Acknowledgements> {
  return (await open.tx.first(acknowledged, { tenantId: open.tenantId, sink }))!;
}

const countersigned = statement<Of, { readonly note: string }>(
  'audit-anchors.countersigned',
  `select countersigned as note from audit_anchors
   where tenant_id = :tenantId and sink = :sink and anchored_at is not null
     and countersigned is not null order by size`,
);

export async function countersignedNotes(open: OpenContext, sink: string): Promise<string[]> {
  const rows = await open.tx.query(countersigned, { tenantId: open.tenantId, sink });
  return rows.map(({ note }) => note);
}
