import type { Context } from '../../platform/context.js';
import type { QuotaKey } from '../tiers/tier.js';

/** What a tenant may use. */
export interface Entitlements {
  /** Another one whenever any limit is another one: what was counted before is counted anew. */
  readonly version: string;
  /** Null, or left out: as much as it likes. */
  readonly limits: Readonly<Partial<Record<QuotaKey, number | null>>>;
}

/**
 * Says what a tenant may use: its tier and what it has beside it, or, one day, a billing hub outside.
 * Asked in the transaction of each use, so it answers from memory wherever it can, and calls nobody
 * outside the database.
 */
export abstract class EntitlementSource {
  abstract entitlementsOf(ctx: Context): Entitlements | Promise<Entitlements>;
}
