import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { auditLimits } from '../../kernel/audit-limits.js';
import { messageOf } from '../../kernel/errors.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { idsMissed } from './denied.events.js';

/**
 * How often somebody asks for well-formed ids of nothing that is theirs. Who probes for what others have
 * gets the same 404 as for nothing at all, so it is counted and not looked up. Nobody waits for it.
 */
@Injectable()
export class MissedIds implements OnModuleDestroy {
  private callers = new Map<string, { readonly ctx: Context; count: number }>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
  ) {}

  note(ctx: Context): void {
    const { tenantId, actor } = ctx;
    const key = `${tenantId} ${actor.kind} ${actor.id}`;
    const known = this.callers.get(key);
    if (known) known.count += 1;
    else if (this.callers.size < auditLimits.missedIdsCallers) {
      this.callers.set(key, { ctx, count: 1 });
    }
    this.timer ??= setTimeout(() => this.flush(), auditLimits.missedIdsMs).unref();
  }

  /** What was counted is written. */
  async settled(): Promise<void> {
    this.flush();
    await this.writing;
  }

  onModuleDestroy(): Promise<void> {
    return this.settled();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { callers } = this;
    this.callers = new Map();
    this.writing = this.writing.then(async () => {
      for (const each of callers.values()) await this.write(each);
    });
  }

  private async write({ ctx, count }: { readonly ctx: Context; count: number }): Promise<void> {
    try {
      await this.database.transaction(ctx, (open) =>
        open.record(idsMissed(ctx.actor.id, { count })),
      );
    } catch (cause) {
      this.log.warn({ error: messageOf(cause) }, 'missed ids could not be counted');
    }
  }
}
