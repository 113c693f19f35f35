import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { auditLimits } from '../../kernel/audit-limits.js';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import { recordFolded } from '../../platform/audit/folds/folded.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { networkOf } from '../../platform/http/client-address.js';
import { Logger } from '../../platform/logging/logger.js';
import { accessKeyRefused, accessKeySeen, accessKeyUsed } from './access-keys.events.js';
import { markKeyRefused, markKeyUsed } from './access-keys.store.js';
import type { KeyFault, KeyStanding } from './key-standings.queries.js';

const EVERY_MS = 60_000;
const KEYS = 10_000;

/**
 * When and from where keys are used, and that ended ones are still being shown: written at most once a
 * minute of each and each network, and in nobody's way.
 */
@Injectable()
export class KeyUses implements OnModuleDestroy {
  private readonly used = new BoundedMap<string, number>(KEYS);
  private readonly seen = new BoundedMap<string, number>(KEYS);
  private readonly refused = new BoundedMap<string, number>(KEYS);
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly db: Database,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  tellUsed(ctx: Context, { id, name }: KeyStanding, address: string): void {
    const network = networkOf(address);
    this.atMostEveryMinute(this.used, id, ctx, (open, at) =>
      markKeyUsed(open, id, { at, network }),
    );
    this.atMostEveryMinute(this.seen, `${id} ${network}`, ctx, async (open) => {
      await open.record(accessKeySeen(id, { name, network }));
      const eventOf = (count: number) => accessKeyUsed(id, { name, network, count });
      await recordFolded(open, eventOf, { kind: network, foldMs: auditLimits.keyUseFoldMs });
    });
  }

  tellRefused(ctx: Context, { id, name }: KeyStanding, reason: KeyFault, address: string): void {
    this.atMostEveryMinute(this.refused, id, ctx, async (open, at) => {
      if (!(await markKeyRefused(open, id, at))) return;
      const network = networkOf(address);
      await open.record(accessKeyRefused(id, { name, reason, network }, 'denied'));
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
    told: BoundedMap<string, number>,
    id: string,
    ctx: Context,
    write: (open: OpenContext, at: Date) => Promise<void>,
  ): void {
    const now = this.clock.now();
    const last = told.get(id);
    if (last !== undefined && now - last < EVERY_MS) return;
    told.set(id, now);
    const writing = this.db
      .transaction(ctx, (open) => write(open, new Date(now)))
      .catch((error: unknown) => {
        // The next use writes it; what is known already is only a minute older.
        told.delete(id);
        this.logger.warn({ error: messageOf(error) }, 'the use of an access key was not written');
      })
      .finally(() => this.underWay.delete(writing));
    this.underWay.add(writing);
  }
}
