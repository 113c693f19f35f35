import { Injectable } from '@nestjs/common';
import type { OpenContext } from '../../platform/context.js';
import type { QuotaKey } from '../tiers/tier.js';

/** How many there are now; of a monthly quota, how many there were in that month (UTC) so far. */
export type Count = (open: OpenContext, month: string) => Promise<number>;

/** Where modules say how what they own is counted, in their constructors: the truth behind the counters. */
@Injectable()
export class QuotaCounts {
  private readonly counts = new Map<QuotaKey, Count>();

  register(quota: QuotaKey, count: Count): void {
    this.counts.set(quota, count);
  }

  has(quota: QuotaKey): boolean {
    return this.counts.has(quota);
  }

  /** Null: nothing of the kind exists in this process. */
  async count(open: OpenContext, quota: QuotaKey, month: string): Promise<number | null> {
    return (await this.counts.get(quota)?.(open, month)) ?? null;
  }
}
