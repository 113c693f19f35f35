import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { commitUnknown } from '../../platform/database/database.errors.js';
import { RequestMeter, type MeteredRequest } from '../../platform/http/request-meter.js';
import { Logger } from '../../platform/logging/logger.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { Quotas } from '../quotas/quotas.js';
import { placeOf } from './request-place.js';
import { addUsage } from './usage-days.store.js';
import { UsageTally, type UsageSum } from './usage-tally.js';

/** What a process that is killed has not written down is never older than twice this. */
export const FLUSH_MS = 5_000;
/** Rows per statement: with so many keys it holds its locks for some milliseconds. */
const BATCH = 500;
/** How often a tenant's bandwidth is looked at, at most, to warn of it. */
const REVIEW_MS = 60_000;
const NOWHERE = { module: '', environment: '' };

/**
 * Sums up in memory what everybody asks, and writes it down every five seconds and at the end. Nothing
 * of a request waits for it. A write that failed is repeated with the next one; one of which nobody
 * knows whether it was done is not, because nobody should pay twice.
 */
@Injectable()
export class UsageMeter
  extends RequestMeter
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  private readonly tally = new UsageTally();
  private readonly reviewed = new Map<string, number>();
  private readonly log: Logger;
  private readonly lost: Counter;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly quotas: Quotas,
    @Inject(CLOCK) private readonly clock: Clock,
    metrics: Metrics,
    logger: Logger,
  ) {
    super();
    this.log = logger.child({ part: 'usage' });
    this.lost = metrics.counter({
      name: 'usage_requests_lost_total',
      help: 'Requests that are missing from the sums of usage because nobody knows whether they were written',
    });
  }

  answered({ ctx, route, params, body, status, ms, sentBytes }: MeteredRequest): void {
    const isFailure = status >= 400;
    this.tally.add({
      tenantId: ctx.tenantId,
      day: dayOf(this.clock.now()),
      ...(isFailure ? NOWHERE : placeOf(route, params, body)),
      requests: 1,
      failures: isFailure ? 1 : 0,
      sentBytes,
      busyMs: ms,
    });
  }

  onApplicationBootstrap(): void {
    this.plan();
  }

  /** The listener is closed by now: nothing more comes. */
  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.flush();
  }

  /** What was answered before this was called is in the database after it, unless that is away. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  private plan(): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => void this.flush().finally(() => this.plan()), FLUSH_MS);
  }

  private async write(): Promise<void> {
    const sums = this.tally.take();
    for (let start = 0; start < sums.length; start += BATCH) {
      await this.writeBatch(sums.slice(start, start + BATCH));
    }
    if (!this.isStopping) await this.reviewBandwidth(sums);
  }

  private async writeBatch(sums: readonly UsageSum[]): Promise<void> {
    try {
      await this.database.system((tx) => addUsage(tx, sums));
    } catch (error) {
      const isUnknown = (error as { code?: unknown }).code === commitUnknown.code;
      const requests = sums.reduce((sum, each) => sum + each.requests, 0);
      if (isUnknown) this.lost.inc(requests);
      else for (const sum of sums) this.tally.add(sum);
      const message = isUnknown
        ? 'usage may be written or not, and is not written again'
        : 'usage could not be written; it is tried again';
      this.log.warn({ requests, error: messageOf(error) }, message);
    }
  }

  private async reviewBandwidth(sums: readonly UsageSum[]): Promise<void> {
    const now = this.clock.now();
    for (const tenantId of new Set(sums.map((sum) => sum.tenantId))) {
      if (now - (this.reviewed.get(tenantId) ?? -Infinity) < REVIEW_MS) continue;
      this.reviewed.set(tenantId, now);
      try {
        await this.quotas.review(Context.system(tenantId, 'usage'), 'bandwidthBytes');
      } catch (error) {
        this.log.warn({ tenantId, error: messageOf(error) }, 'bandwidth could not be looked at');
      }
    }
    for (const [tenantId, at] of this.reviewed) {
      if (now - at >= REVIEW_MS) this.reviewed.delete(tenantId);
    }
  }
}

/** In UTC. */
export function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
