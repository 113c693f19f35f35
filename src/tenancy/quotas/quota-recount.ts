import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { purgeUsage } from '../usage/usage-days.store.js';
import { dayOf } from '../usage/usage-meter.js';
import { lockAgedCounters, removeCounter, tenantsToCount } from './quota-counters.store.js';
import { Quotas } from './quotas.js';

/** How often somebody looks for counters that nobody has counted for a day. */
const LOOK_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Tenants of one look: what is left waits for the next one. */
const TENANTS = 1_000;
/** Longer than whoever sends bills looks back. */
const USAGE_KEPT_DAYS = 800;
const PURGED_ROWS = 10_000;

/**
 * Counts what tenants have anew, each of them once a day, and mends the counters that say something
 * else: in every API process, which know how everything is counted. A tenant whose counters another
 * process has just counted is left alone.
 */
@Injectable()
export class QuotaRecount implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly quotas: Quotas,
    @Inject(CLOCK) private readonly clock: Clock,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'quotas' });
  }

  onApplicationBootstrap(): void {
    this.plan();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Answers how many tenants were counted. */
  async run(): Promise<number> {
    const before = new Date(this.clock.now() - DAY_MS);
    const tenants = await this.database.system((tx) => tenantsToCount(tx, before, TENANTS));
    let counted = 0;
    for (const tenantId of tenants) {
      if (this.isStopping) break;
      await this.count(Context.system(tenantId, 'quotas'), before);
      counted += 1;
    }
    const oldest = dayOf(this.clock.now() - USAGE_KEPT_DAYS * DAY_MS);
    await this.database.system((tx) => purgeUsage(tx, oldest, PURGED_ROWS));
    return counted;
  }

  private count(ctx: Context, before: Date): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      for (const counter of await lockAgedCounters(open, before)) {
        const terms = await this.quotas.termsOf(open, counter.quota);
        if (terms) await this.quotas.keepCounted(open, counter, terms);
        else await removeCounter(open, counter.quota);
      }
    });
  }

  private plan(): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.running = this.runQuietly().finally(() => this.plan());
    }, LOOK_MS);
  }

  private async runQuietly(): Promise<void> {
    try {
      const tenants = await this.run();
      if (tenants > 0) this.log.info({ tenants }, 'counted what tenants use');
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'quotas could not be counted; tried again');
    }
  }
}
