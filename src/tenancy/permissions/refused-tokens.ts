import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { auditLimits } from '../../kernel/audit-limits.js';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { networkOf } from '../../platform/http/client-address.js';
import { Logger } from '../../platform/logging/logger.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { tokensRefused } from './denied.events.js';

/** What is more than a process counts by itself. */
const OTHERS = 'others';

/**
 * Tokens that nobody should have shown: forged, expired, revoked. One entry for each network and minute,
 * in the platform's log, since nobody knows whose they are; nothing is written while they come, so that
 * nobody can flood the log or the database with them.
 */
@Injectable()
export class RefusedTokens implements OnModuleDestroy {
  private counts = new Map<string, number>();
  private beganAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  note(address: string): void {
    if (this.counts.size === 0) this.begin();
    const network = networkOf(address);
    const isRoom = this.counts.has(network) || this.counts.size < auditLimits.refusedTokenNetworks;
    const key = isRoom ? network : OTHERS;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    const isOver = this.clock.monotonic() - this.beganAt >= auditLimits.refusedTokensMs;
    if (isOver) this.flush();
  }

  /** What was counted is written. */
  async settled(): Promise<void> {
    this.flush();
    await this.writing;
  }

  onModuleDestroy(): Promise<void> {
    return this.settled();
  }

  private begin(): void {
    this.beganAt = this.clock.monotonic();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), auditLimits.refusedTokensMs);
    this.timer.unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    if (this.counts.size === 0) return;
    const counts = this.counts;
    this.counts = new Map();
    this.writing = this.writing.then(() => this.write(counts));
  }

  private async write(counts: ReadonlyMap<string, number>): Promise<void> {
    const ctx = Context.system(PLATFORM_TENANT.id, 'authentication');
    const all = [...counts];
    try {
      while (all.length > 0) {
        const some = all.splice(0, auditLimits.refusedTokensAtOnce);
        await this.database.transaction(ctx, async (open) => {
          for (const [network, count] of some) {
            await open.record(tokensRefused(network, { network, count }, 'denied'));
          }
        });
      }
    } catch (cause) {
      this.log.warn({ error: messageOf(cause) }, 'refused tokens could not be recorded');
    }
  }
}
