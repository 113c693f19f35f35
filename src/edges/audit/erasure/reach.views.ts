/** What has left the log before somebody was erased from it: each place says how often. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';

type Count = { readonly count: number };
type OfTenant = { readonly tenantId: string };

/** What was taken away as a file is where nobody here reaches it. */
const exports = statement<OfTenant, Count>(
  'audit-entries.count-exports',
  `select count(*)::int as count from audit_entries
   where tenant_id = :tenantId and category = 'access' and action = 'audit-log-exported'`,
);

/** One line for each place. */
const places: Readonly<Record<string, (open: OpenContext) => Promise<number>>> = {
  exports: async (open) => (await open.tx.first(exports, { tenantId: open.tenantId }))!.count,
};

export async function outOfReach(open: OpenContext): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [place, count] of Object.entries(places)) counts[place] = await count(open);
  return counts;
}
