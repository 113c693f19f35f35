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

/** Those that are gone by now have sent what they had. */
const streams = statement<OfTenant, Count>(
  'audit-entries.count-streams',
  `select count(*)::int as count from audit_entries
   where tenant_id = :tenantId and category = 'settings' and action = 'audit-stream-created'`,
);

/** Each says how many were handed out since the one before. */
const receipts = statement<OfTenant, Count>(
  'audit-entries.count-receipts',
  `select coalesce(sum((body_text::jsonb->>'count')::int), 0)::int as count from audit_entries
   where tenant_id = :tenantId and category = 'access' and action = 'audit-log-read'
     and body_text::jsonb->>'part' = 'receipts'`,
);

/** One line for each place. */
const places: Readonly<Record<string, (open: OpenContext) => Promise<number>>> = {
  exports: async ({ tx, tenantId }) => (await tx.first(exports, { tenantId }))!.count,
  streams: async ({ tx, tenantId }) => (await tx.first(streams, { tenantId }))!.count,
  receipts: async ({ tx, tenantId }) => (await tx.first(receipts, { tenantId }))!.count,
};

export async function outOfReach(open: OpenContext): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [place, count] of Object.entries(places)) counts[place] = await count(open);
  return counts;
}
