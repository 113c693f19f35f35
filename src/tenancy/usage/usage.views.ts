/** Usage as HTTP answers it. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { Amounts, UsageSum } from './usage-tally.js';

/** Days, both of them included: `2026-11-01`. */
export type Days = { readonly from: string; readonly to: string };

type Sum = Omit<UsageSum, 'tenantId'>;

/** What sums are kept apart by; what is not is ''. */
export type Grouping = {
  readonly byDay: boolean;
  readonly byModule: boolean;
  readonly byEnvironment: boolean;
};

const SUMS = `sum(requests)::bigint as requests, sum(failures)::bigint as failures,
  sum(sent_bytes)::bigint as "sentBytes", sum(busy_ms)::bigint as "busyMs"`;

const ofTenant = statement<{ readonly tenantId: string } & Days & Grouping, Sum>(
  'usage-days.of-tenant',
  `select case when :byDay::boolean then to_char(day, 'YYYY-MM-DD') else '' end as day,
     case when :byModule::boolean then module else '' end as module,
     case when :byEnvironment::boolean then environment else '' end as environment, ${SUMS}
   from usage_days where tenant_id = :tenantId and day between to_date(:from, 'YYYY-MM-DD') and to_date(:to, 'YYYY-MM-DD')
   group by 1, 2, 3`,
);

export function usageOf(open: OpenContext, days: Days, grouping: Grouping): Promise<Sum[]> {
  return open.tx.query(ofTenant, { tenantId: open.tenantId, ...days, ...grouping });
}

const sentBytes = statement<{ readonly tenantId: string } & Days, { readonly bytes: number }>(
  'usage-days.sent-bytes',
  `select coalesce(sum(sent_bytes), 0)::bigint as bytes from usage_days
   where tenant_id = :tenantId and day between to_date(:from, 'YYYY-MM-DD') and to_date(:to, 'YYYY-MM-DD')`,
);

export async function sentBytesOf(open: OpenContext, days: Days): Promise<number> {
  return (await open.tx.first(sentBytes, { tenantId: open.tenantId, ...days }))!.bytes;
}

export type TenantUsage = { readonly tenantId: string; readonly slug: string } & Amounts;

const byTenant = statement<Days, TenantUsage>(
  'usage-days.by-tenant',
  `select tenant.id as "tenantId", tenant.slug, coalesce(sums.requests, 0)::bigint as requests,
     coalesce(sums.failures, 0)::bigint as failures,
     coalesce(sums."sentBytes", 0)::bigint as "sentBytes",
     coalesce(sums."busyMs", 0)::bigint as "busyMs"
   from tenants tenant
   left join (select tenant_id, ${SUMS} from usage_days
     where day between to_date(:from, 'YYYY-MM-DD') and to_date(:to, 'YYYY-MM-DD') group by tenant_id) sums
     on sums.tenant_id = tenant.id`,
);

/** Of every tenant, those that have asked nothing among them. */
export function usageByTenant(tx: SystemTransaction, days: Days): Promise<TenantUsage[]> {
  return tx.query(byTenant, days);
}

const find = statement<{ readonly id: string }, { readonly slug: string }>(
  'usage.find-tenant',
  'select slug from tenants where id = :id',
);

/** A deleted one as well: what it has used is still asked for. */
export function tenantOfUsage(
  tx: SystemTransaction,
  id: string,
): Promise<{ readonly slug: string } | undefined> {
  return tx.first(find, { id });
}
