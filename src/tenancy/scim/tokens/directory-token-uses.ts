import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { BoundedMap } from '../../../kernel/bounded-map.js';
import type { Clock } from '../../../kernel/clock.js';
import { messageOf } from '../../../kernel/errors.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { networkOf } from '../../../platform/http/client-address.js';
import { Logger } from '../../../platform/logging/logger.js';
import { type DirectoryTokenFault, directoryTokenRefused } from './directory-tokens.events.js';
import { markDirectoryTokenRefused, markDirectoryTokenUsed } from './directory-tokens.store.js';

const EVERY_MS = 60_000;
const TOKENS = 1_000;

/**
 * When and from where a directory comes, and that an ended token is still being shown: written at most
 * once a minute of each, beside the request and in nobody's way.
 */
@Injectable()
export class DirectoryTokenUses implements OnModuleDestroy {
  private readonly told = new BoundedMap<string, number>(2 * TOKENS);
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly db: Database,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  tellUsed(ctx: Context, address: string): void {
    const { id } = ctx.actor;
    this.atMostEveryMinute(`used ${id}`, ctx, (open, at) =>
      markDirectoryTokenUsed(open, id, { at, network: networkOf(address) }),
    );
  }

  tellRefused(
    ctx: Context,
    { name, reason }: { readonly name: string; readonly reason: DirectoryTokenFault },
    address: string,
  ): void {
    const { id } = ctx.actor;
    this.atMostEveryMinute(`refused ${id}`, ctx, async (open, at) => {
      if (!(await markDirectoryTokenRefused(open, id, at))) return;
      const network = networkOf(address);
      await open.record(directoryTokenRefused(id, { name, reason, network }, 'denied'));
    });
  }

  /** What is being written is written, or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  onModuleDestroy(): Promise<void> {
    return this.settled();
  }

  private atMostEveryMinute(
    key: string,
    ctx: Context,
    write: (open: OpenContext, at: Date) => Promise<void>,
  ): void {
    const now = this.clock.now();
    const last = this.told.get(key);
    if (last !== undefined && now - last < EVERY_MS) return;
    this.told.set(key, now);
    const writing = this.db
      .transaction(ctx, (open) => write(open, new Date(now)))
      .catch((error: unknown) => {
        this.told.delete(key);
        const facts = { error: messageOf(error) };
        this.logger.warn(facts, 'the use of a directory token was not written');
      })
      .finally(() => this.underWay.delete(writing));
    this.underWay.add(writing);
  }
}
