import { QUOTA_KEYS, type QuotaKey } from '../tiers/tier.js';

/** In the order in which their counters are locked. */
export const QUOTAS: readonly QuotaKey[] = [...QUOTA_KEYS].sort();

/** Their use begins at nothing with each month, in UTC. */
const MONTHLY: readonly QuotaKey[] = ['bandwidthBytes', 'deploymentsPerMonth'];

export function isMonthly(quota: QuotaKey): boolean {
  return MONTHLY.includes(quota);
}
