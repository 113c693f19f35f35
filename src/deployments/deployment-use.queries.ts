/** How many deployments a tenant has: what its quotas are counted by, and what its usage says. */
import { firstIdAt } from '../kernel/ids.js';
import { endOfMonth, startOfMonth } from '../kernel/month.js';
import type { OpenContext } from '../platform/context.js';
import { statement } from '../platform/database/statement.js';
import type { SystemTransaction } from '../platform/database/transaction.js';
import type { DeploymentSum, Span, TenantDeployments } from '../tenancy/usage/usage-sources.js';

type InSpan = { readonly tenantId: string; readonly firstId: string } & Span;

/** Ids are made shortly before their rows, by another clock. */
const ID_MARGIN_MS = 86_400_000;

const IN_MONTH = statement<InSpan, { readonly count: number }>(
  'deployments.count-in-span',
  `select count(*)::int as count from deployments
   where tenant_id = :tenantId and id >= :firstId and created_at >= :from and created_at < :to
     and lane = 'normal'`,
);

/** Accepted in that month (UTC), without those that take something back. */
export async function countInMonth(open: OpenContext, month: string): Promise<number> {
  const span = { from: startOfMonth(month), to: endOfMonth(month) };
  return (await open.tx.first(IN_MONTH, inSpan(open, span)))!.count;
}

const IN_FLIGHT = statement<{ readonly tenantId: string }, { readonly count: number }>(
  'deployments.count-in-flight',
  `select count(*)::int as count from deployments
   where tenant_id = :tenantId and lane = 'normal'
     and status in ('Running', 'Paused', 'RollingBack')`,
);

export async function countInFlight(open: OpenContext): Promise<number> {
  return (await open.tx.first(IN_FLIGHT, { tenantId: open.tenantId }))!.count;
}

const BY_DAY = statement<InSpan, DeploymentSum>(
  'deployments.sum-by-day',
  `select to_char(d.created_at at time zone 'UTC', 'YYYY-MM-DD') as day, m.name as module,
     e.name_key as environment, count(*)::int as deployments
   from deployments d
   join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
   join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
   where d.tenant_id = :tenantId and d.id >= :firstId
     and d.created_at >= :from and d.created_at < :to
   group by 1, 2, 3`,
);

/** All that were accepted, those that take something back among them. */
export function deploymentsByDay(open: OpenContext, span: Span): Promise<DeploymentSum[]> {
  return open.tx.query(BY_DAY, inSpan(open, span));
}

const BY_TENANT = statement<Span, TenantDeployments>(
  'deployments.sum-by-tenant',
  `select tenant_id as "tenantId", count(*)::int as deployments from deployments
   where created_at >= :from and created_at < :to group by tenant_id`,
);

export function deploymentsByTenant(
  tx: SystemTransaction,
  span: Span,
): Promise<TenantDeployments[]> {
  return tx.query(BY_TENANT, span);
}

function inSpan({ tenantId }: OpenContext, { from, to }: Span): InSpan {
  return { tenantId, firstId: firstIdAt(Math.max(0, from.getTime() - ID_MARGIN_MS)), from, to };
}
