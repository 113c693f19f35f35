/** What other floors ask of the audit log: how much of it there is about one thing. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';

const count = statement<
  {
    readonly tenantId: string;
    readonly deploymentId: string;
    readonly actions: readonly string[];
    readonly from: Date;
  },
  { readonly action: string; readonly count: number }
>(
  'audit-entries.count-of-deployment',
  `select action, count(*)::int as count from audit_entries
   where tenant_id = :tenantId and deployment_id = :deploymentId and at >= :from
     and action = any(:actions::text[])
   group by action`,
);

/** Clocks of processes differ, and its id is made before its first entry. */
const AROUND_MS = 60_000;

/** Entries about a deployment by action, those of this transaction among them. */
export async function countEntries(
  open: OpenContext,
  deploymentId: string,
  actions: readonly string[],
): Promise<Record<string, number>> {
  const { tenantId } = open;
  const from = new Date(timeOfId(deploymentId) - AROUND_MS);
  const rows = await open.tx.query(count, { tenantId, deploymentId, actions, from });
  return Object.fromEntries(rows.map(({ action, count }) => [action, count]));
}

const timeOfId = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);
