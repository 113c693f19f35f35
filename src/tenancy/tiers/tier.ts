/** What tiers limit. Each is counted by `tenancy/quotas`. */
export const QUOTA_KEYS = [
  'deploymentsPerMonth',
  'deploymentsInFlight',
  'modules',
  'nodes',
  'clusters',
  'members',
  'keys',
  'storageBytes',
  'bandwidthBytes',
  'websites',
] as const;
export type QuotaKey = (typeof QUOTA_KEYS)[number];

/** Null: no limit. */
export type Quotas = Readonly<Record<QuotaKey, number | null>>;
export type QuotaOverrides = Readonly<Partial<Quotas>>;

export interface TierFacts {
  readonly id: string;
  readonly name: string;
  readonly quotas: Quotas;
  /** What rate limits are multiplied by. */
  readonly rateMultiplier: number;
}
