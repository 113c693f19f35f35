/** Tenants as whoever runs the platform sees them: with what is being done to them. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { TenantTaskView, TenantView } from './tenants.dto.js';

const VIEW = `select t.id, t.slug, t.name, t.status, t.tier, t.quota_overrides as "quotaOverrides",
    t.suspended_at as "suspendedAt", t.suspended_reason as "suspendedReason",
    t.deleted_at as "deletedAt", t.restorable_until as "restorableUntil", t.purged_at as "purgedAt",
    t.provisioned_at as "provisionedAt", t.version, t.created_at as "createdAt",
    (select jsonb_build_object('kind', k.kind,
        'state', case when k.outcome is not null then k.outcome
          when k.is_going_back then 'undoing' else 'running' end,
        'step', case when k.outcome is null and k.is_going_back then k.steps[k.reached]
          when k.outcome is null then k.steps[k.done + 1] end,
        'done', k.done, 'steps', to_jsonb(k.steps), 'failures', k.failures, 'reason', k.reason)
      from tenant_tasks k where k.tenant_id = t.id order by k.created_at desc limit 1) as task
  from tenants t`;

type Row = Omit<TenantView, 'task'> & { readonly task: TenantTaskView | null };

const find = statement<{ readonly id: string }, Row>(
  'tenants.find-view',
  `${VIEW} where t.id = :id`,
);

export function tenantView(tx: SystemTransaction, id: string): Promise<TenantView | undefined> {
  return tx.first(find, { id });
}

interface Filter {
  readonly status: string | null;
  readonly tier: string | null;
  readonly text: string | null;
}

const list = statement<Filter & { readonly before: string | null; readonly take: number }, Row>(
  'tenants.list-views',
  `${VIEW} where (:before::uuid is null or t.id < :before)
     and (:status::text is null or t.status = :status)
     and (:tier::text is null or t.tier = :tier)
     and (:text::text is null or strpos(lower(t.slug || ' ' || t.name), lower(:text::text)) > 0)
   order by t.id desc limit :take`,
);

export function tenantViews(
  tx: SystemTransaction,
  filter: Filter,
  page: { readonly before: string | null; readonly take: number },
): Promise<TenantView[]> {
  const { status, tier, text } = filter;
  return tx.query(list, { status, tier, text, before: page.before, take: page.take });
}
