import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { monthOf } from '../../kernel/month.js';
import { CLOCK } from '../../platform/clock.js';
import { Context, type OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { validationFailed } from '../../platform/http/http.errors.js';
import { Settings } from '../../platform/settings/settings.js';
import { QuotaCounts } from '../quotas/quota-counts.js';
import { tenantNotFound } from '../tenancy.errors.js';
import { costOf } from './cost.js';
import { mergeUsage, sumOf } from './merge-usage.js';
import { dayOf, FLUSH_MS } from './usage-meter.js';
import { type Span, UsageSources } from './usage-sources.js';
import type { PlatformUsageQuery, PlatformUsageView, UsageQuery, UsageView } from './usage.dto.js';
import { usageTooWide } from './usage.errors.js';
import { usagePrices } from './usage.settings.js';
import { type Days, type Grouping, tenantOfUsage, usageByTenant, usageOf } from './usage.views.js';

const DAY_MS = 86_400_000;
/** Two writes: one that is under way, and what has come since. */
const BOUND_SECONDS = (2 * FLUSH_MS) / 1_000;
/** A report of more of them belongs into several. */
const DAYS = 400;
/** More rows than this are no answer that anybody reads. */
const ROWS = 20_000;

const groupings: Readonly<Record<UsageQuery['by'], Grouping>> = {
  day: { byDay: true, byModule: false, byEnvironment: false },
  module: { byDay: false, byModule: true, byEnvironment: false },
  environment: { byDay: false, byModule: false, byEnvironment: true },
  detail: { byDay: true, byModule: true, byEnvironment: true },
};

/** What a tenant has used, and what all of them have. */
@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly sources: UsageSources,
    private readonly counts: QuotaCounts,
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `usage-too-wide`. */
  async ofOwn(ctx: Context, query: UsageQuery): Promise<UsageView> {
    const days = this.daysOf(query);
    return this.database.transaction(ctx, (open) => this.read(open, days, groupings[query.by]));
  }

  /** For a platform admin, of any tenant. Throws `tenant-not-found`, `usage-too-wide`. */
  async ofTenant(ctx: Context, tenantId: string, query: UsageQuery): Promise<UsageView> {
    const found = await this.database.system((tx) => tenantOfUsage(tx, tenantId));
    if (!found) throw tenantNotFound();
    const { actor, grants, requestId } = ctx;
    return this.ofOwn(new Context({ tenantId, actor, grants, requestId }), query);
  }

  async ofPlatform(query: PlatformUsageQuery): Promise<PlatformUsageView> {
    const days = this.daysOf(query);
    const [requests, deployments] = await this.database.system(async (tx) => [
      await usageByTenant(tx, days),
      await this.sources.deployments.byTenant(tx, spanOf(days)),
    ]);
    const counted = new Map(deployments.map((each) => [each.tenantId, each.deployments]));
    const tenants = requests
      .map((each) => ({ ...each, deployments: counted.get(each.tenantId) ?? 0 }))
      .sort((a, b) => b.requests - a.requests || b.deployments - a.deployments);
    return {
      ...days,
      requestsMayLackSeconds: BOUND_SECONDS,
      totals: sumOf(tenants),
      tenants: tenants.slice(0, query.top),
    };
  }

  private async read(open: OpenContext, days: Days, grouping: Grouping): Promise<UsageView> {
    const requests = await usageOf(open, days, grouping);
    const deployments = await this.sources.deployments.byDay(open, spanOf(days));
    const rows = mergeUsage(requests, deployments, grouping);
    if (rows.length > ROWS) throw usageTooWide(rows.length, ROWS);
    const month = monthOf(this.clock.now());
    const storedBytes = (await this.counts.count(open, 'storageBytes', month)) ?? 0;
    const totals = sumOf(rows);
    const prices = this.settings.valueOf(usagePrices, { tenantId: open.tenantId });
    const cost = prices && costOf({ ...totals, storedBytes }, prices);
    const lines = cost && { ...cost, lines: [...cost.lines] };
    return {
      ...days,
      requestsMayLackSeconds: BOUND_SECONDS,
      totals,
      storedBytes,
      rows,
      cost: lines,
    };
  }

  /** Throws `validation-failed`. */
  private daysOf({ from, to }: Pick<UsageQuery, 'from' | 'to'>): Days {
    const today = dayOf(this.clock.now());
    const last = to ?? today;
    const first = from ?? `${last.slice(0, 7)}-01`;
    const count = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
    if (count >= 1 && count <= DAYS) return { from: first, to: last };
    throw validationFailed(
      `The days are ${first} to ${last}: "from" must not be after "to", nor more than ${DAYS} days before it. Ask for shorter spans.`,
    );
  }
}

function spanOf({ from, to }: Days): Span {
  return { from: new Date(from), to: new Date(Date.parse(to) + DAY_MS) };
}
