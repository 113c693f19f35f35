/** How many there are of what stands on this floor or below. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { daysOfMonth } from '../../kernel/month.js';
import { sentBytesOf } from '../usage/usage.views.js';
import type { QuotaCounts } from './quota-counts.js';

type OfTenant = { readonly tenantId: string };
type Counted = { readonly count: number };

const members = statement<OfTenant, Counted>(
  'quotas.count-members',
  'select count(*)::int as count from memberships where tenant_id = :tenantId',
);

const keys = statement<OfTenant & { readonly now: Date }, Counted>(
  'quotas.count-keys',
  `select count(*)::int as count from access_keys
   where tenant_id = :tenantId and revoked_at is null and expires_at > :now`,
);

const nodes = statement<OfTenant, Counted>(
  'quotas.count-nodes',
  'select count(*)::int as count from nodes where tenant_id = :tenantId and revoked_at is null',
);

/** People, keys that are good at that time, nodes, and what was sent. */
export function registerOwnCounts(counts: QuotaCounts, now: () => Date): void {
  const of = async (rows: Promise<Counted | undefined>) => (await rows)!.count;
  const tenant = ({ tenantId }: OpenContext) => ({ tenantId });
  counts.register('members', (open) => of(open.tx.first(members, tenant(open))));
  counts.register('keys', (open) => of(open.tx.first(keys, { ...tenant(open), now: now() })));
  counts.register('bandwidthBytes', (open, month) => sentBytesOf(open, daysOfMonth(month)));
  counts.register('nodes', (open) => of(open.tx.first(nodes, tenant(open))));
}
