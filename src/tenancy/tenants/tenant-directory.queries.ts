/** The copy of `tenants` and `tiers` that each process keeps. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { QuotaOverrides, TierFacts } from '../tiers/tier.js';
import type { TenantStatus } from './tenant.js';

export interface TenantFacts {
  readonly id: string;
  readonly slug: string;
  readonly status: TenantStatus;
  /** The id of its tier. */
  readonly tier: string;
  readonly quotaOverrides: QuotaOverrides;
}

const changed = statement<{ readonly since: Date }, TenantFacts & { readonly changedAt: Date }>(
  'tenants.changed-since',
  `select id, slug, status, tier, quota_overrides as "quotaOverrides", changed_at as "changedAt"
   from tenants where changed_at > :since`,
);

export function tenantsChangedSince(
  tx: SystemTransaction,
  since: Date,
): Promise<(TenantFacts & { readonly changedAt: Date })[]> {
  return tx.query(changed, { since });
}

const tiers = statement<Record<never, never>, TierFacts>(
  'tiers.all-facts',
  'select id, name, quotas, rate_multiplier as "rateMultiplier" from tiers',
);

export function allTiers(tx: SystemTransaction): Promise<TierFacts[]> {
  return tx.query(tiers);
}
