import { Inject, Injectable } from '@nestjs/common';
import { nodeEnrolled } from '../../drivers/targets/agent/nodes.events.js';
import type { Clock } from '../../kernel/clock.js';
import { endOfMonth, monthOf } from '../../kernel/month.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Events } from '../../platform/events/events.js';
import { EntitlementSource } from './entitlements.js';
import { registerOwnCounts } from './own-counts.queries.js';
import {
  addUse,
  type Counter,
  lockCounter,
  noteWarning,
  putCounter,
  removeCounter,
  subtractUse,
  type Terms,
} from './quota-counters.store.js';
import { QuotaCounts } from './quota-counts.js';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import { quotaMended, quotaUse, quotaWarned } from './quotas.events.js';
import { QuotaMetrics } from './quotas.metrics.js';
import { shareReached } from './warning.js';
import type { QuotaKey } from '../tiers/tier.js';
import { isMonthly, QUOTAS } from './quota.js';

/**
 * Counts what tenants use, in the transaction that uses it: undone with it, and never beyond the limit,
 * since the counter's row is locked until the commit. Who has no limit is not counted and waits for
 * nobody. What a counter says is believed only as long as it lets through: before it refuses, what is
 * really there is counted under its lock.
 */
@Injectable()
export class Quotas {
  constructor(
    events: Events,
    private readonly database: Database,
    private readonly entitlements: EntitlementSource,
    private readonly counts: QuotaCounts,
    private readonly metrics: QuotaMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    events.hear(quotaUse.taken, (open, { body }) => this.take(open, body.quota, body.amount));
    events.hear(quotaUse.givenBack, (open, { body }) => subtractUse(open, body.quota, body.amount));
    events.hear(nodeEnrolled, (open, { body }) => this.take(open, 'nodes', body.isNew ? 1 : 0));
    registerOwnCounts(counts, () => new Date(clock.now()));
  }

  /** Under what it is counted now; null: it is not limited. */
  async termsOf(ctx: Context, quota: QuotaKey): Promise<Terms | null> {
    const { limits, version } = await this.entitlements.entitlementsOf(ctx);
    const max = limits[quota] ?? null;
    if (max === null) return null;
    return { quota, max, entitlement: version, period: monthOf(this.clock.now()) };
  }

  /** Throws `quota-exceeded` when nothing is left: for what is counted elsewhere, and late. */
  async refuseUsedUp(open: OpenContext, quota: QuotaKey): Promise<void> {
    const terms = await this.termsOf(open, quota);
    const use = terms && (await this.counts.count(open, quota, terms.period));
    if (terms && use !== null && use >= terms.max) this.refuse(terms, use, 0);
  }

  /** Counts it anew, mends its counter and warns. It refuses nothing: what is there may stay. */
  async review(ctx: Context, quota: QuotaKey): Promise<void> {
    const terms = await this.termsOf(ctx, quota);
    if (!terms) return;
    await this.database.transaction(ctx, async (open) => {
      const before = await lockCounter(open, terms, new Date(this.clock.now()));
      await this.keepCounted(open, before, terms);
    });
  }

  /** As `review`, of everything that is limited: when a tenant's limits are other ones. */
  async reviewAll(open: OpenContext): Promise<void> {
    for (const quota of QUOTAS.filter((each) => this.isCounted(each))) {
      if (await this.termsOf(open, quota)) await this.review(open, quota);
      else await removeCounter(open, quota);
    }
  }

  /** As `review`, of a counter that is locked. */
  async keepCounted(open: OpenContext, before: Counter, terms: Terms): Promise<void> {
    const used = await this.counts.count(open, terms.quota, terms.period);
    if (used === null) return;
    if (isGood(before, terms)) await this.tellDifference(open, terms.quota, before.used, used);
    await this.put(open, before, terms, used);
  }

  /** Those in flight are never taken: they are counted under the lock of the tenant's capacity. */
  private isCounted(quota: QuotaKey): boolean {
    return quota !== 'deploymentsInFlight' && this.counts.has(quota);
  }

  private async take(open: OpenContext, quota: QuotaKey, amount: number): Promise<void> {
    const terms = amount > 0 ? await this.termsOf(open, quota) : null;
    if (!terms) return;
    const counter = await addUse(open, terms, amount);
    if (counter) await this.warn(open, terms, counter);
    else await this.countAndTake(open, terms, amount);
  }

  /** What is to be taken is there already, in this transaction: it is counted with the rest. */
  private async countAndTake(open: OpenContext, terms: Terms, amount: number): Promise<void> {
    const { quota, period, max } = terms;
    const before = await lockCounter(open, terms, new Date(this.clock.now()));
    const used = await this.counts.count(open, quota, period);
    if (used === null) throw new Error(`nothing in this process counts the quota "${quota}"`);
    if (used > max) this.refuse(terms, used - amount, amount);
    if (isGood(before, terms)) {
      await this.tellDifference(open, quota, before.used, used - amount);
    }
    await this.put(open, before, terms, used);
  }

  private async put(open: OpenContext, before: Counter, terms: Terms, used: number): Promise<void> {
    const isSameLimit = before.period === terms.period && before.max === terms.max;
    const warned = isSameLimit ? before.warned : 0;
    await putCounter(open, terms, { used, warned, now: new Date(this.clock.now()) });
    await this.warn(open, terms, { used, warned });
  }

  private async warn(
    open: OpenContext,
    { quota, max: limit, period: month }: Terms,
    { used: use, warned }: Pick<Counter, 'used' | 'warned'>,
  ): Promise<void> {
    const percent = shareReached(use, limit);
    if (percent <= warned) return;
    await noteWarning(open, quota, percent);
    const facts = { quota, percent, use, limit, month, isOver: use > limit };
    await open.record(quotaWarned(open.tenantId, facts));
    open.tx.afterCommit(() => this.metrics.warned(quota, percent));
  }

  private async tellDifference(
    open: OpenContext,
    quota: QuotaKey,
    said: number,
    counted: number,
  ): Promise<void> {
    const difference = counted - said;
    if (difference === 0 || isExpected(quota, difference)) return;
    await open.record(quotaMended(open.tenantId, { quota, said, counted, difference }));
    open.tx.afterCommit(() => this.metrics.mended(quota, difference));
  }

  private refuse({ quota, max: limit, period }: Terms, use: number, asked: number): never {
    this.metrics.refused(quota);
    const resetsAt = isMonthly(quota) ? endOfMonth(period) : null;
    throw quotaExceeded({ quota, use, limit, asked, resetsAt, nowMs: this.clock.now() });
  }
}

/** Keys expire without anybody taking them away, and what was sent is only ever counted afterwards. */
function isExpected(quota: QuotaKey, difference: number): boolean {
  return quota === 'bandwidthBytes' || (quota === 'keys' && difference < 0);
}

function isGood(counter: Counter, { period, max, entitlement }: Terms): boolean {
  return counter.period === period && counter.max === max && counter.entitlement === entitlement;
}
