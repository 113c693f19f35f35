/** Entries beside the log: in its table, and neither in the tree nor on the way there. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

const MOST = 100;

const stray = statement<
  { readonly tenantId: string; readonly take: number },
  { readonly id: string }
>(
  'audit-entries.stray',
  `select e.id from audit_entries e
   where e.tenant_id = :tenantId
     and not exists (select 1 from audit_leaves l where l.tenant_id = e.tenant_id and l.entry_id = e.id)
     and not exists (select 1 from audit_pending p where p.tenant_id = e.tenant_id and p.entry_id = e.id)
   order by e.at limit :take`,
);

export async function strayEntries(open: OpenContext): Promise<string[]> {
  const rows = await open.tx.query(stray, { tenantId: open.tenantId, take: MOST });
  return rows.map(({ id }) => id);
}
