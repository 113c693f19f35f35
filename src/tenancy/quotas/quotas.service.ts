import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { endOfMonth, monthOf } from '../../kernel/month.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { EntitlementSource } from './entitlements.js';
import { QuotaCounts } from './quota-counts.js';
import type { QuotaView } from './quotas.dto.js';
import { isMonthly, QUOTAS } from './quota.js';

/** Says how much of its quotas a tenant uses: as it is counted now, not what counters say. */
@Injectable()
export class QuotasService {
  constructor(
    private readonly database: Database,
    private readonly entitlements: EntitlementSource,
    private readonly counts: QuotaCounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context): Promise<{ readonly quotas: QuotaView[] }> {
    return this.database.transaction(ctx, async (open) => ({ quotas: await this.views(open) }));
  }

  private async views(open: OpenContext): Promise<QuotaView[]> {
    const { limits } = await this.entitlements.entitlementsOf(open);
    const month = monthOf(this.clock.now());
    const views: QuotaView[] = [];
    for (const quota of QUOTAS) {
      const use = (await this.counts.count(open, quota, month)) ?? 0;
      const limit = limits[quota] ?? null;
      const percent = limit === null ? null : percentOf(use, limit);
      views.push({
        quota,
        use,
        limit,
        percent,
        resetsAt: isMonthly(quota) ? endOfMonth(month) : null,
      });
    }
    return views;
  }
}

function percentOf(use: number, limit: number): number {
  if (limit === 0) return use === 0 ? 0 : 100;
  return Math.floor((use * 100) / limit);
}
