import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { TenantFeed } from './tenant-feed.js';

/** How late an event may be whose signal got lost. */
const POLL_MS = 5_000;

/** The live feeds of this process, one for each tenant that has a socket here. */
@Injectable()
export class DeploymentFeeds implements OnModuleInit, OnModuleDestroy {
  private readonly feeds = new Map<string, TenantFeed>();
  private readonly log: Logger;
  private readonly undo: (() => void)[] = [];

  constructor(
    private readonly database: Database,
    private readonly signal: Signal,
    logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.log = logger.child({ part: 'realtime' });
  }

  onModuleInit(): void {
    const eachFeed = (tell: (feed: TenantFeed, id: string) => void) => (id: string) => {
      for (const feed of this.feeds.values()) tell(feed, id);
    };
    const timer = setInterval(() => this.poll(), POLL_MS);
    this.undo.push(
      () => clearInterval(timer),
      this.signal.subscribe(
        Topic.Deployment,
        eachFeed((feed, id) => feed.hint(id)),
      ),
      this.signal.subscribe(
        Topic.Gate,
        eachFeed((feed, id) => feed.gateHint(id)),
      ),
    );
  }

  onModuleDestroy(): void {
    for (const step of this.undo.splice(0)) step();
  }

  /** The caller subscribes to it at once, or it is forgotten. */
  of(tenantId: string): TenantFeed {
    let feed = this.feeds.get(tenantId);
    if (!feed) {
      const { database, clock, log: logger } = this;
      feed = new TenantFeed(tenantId, { database, clock, logger });
      this.feeds.set(tenantId, feed);
    }
    return feed;
  }

  private poll(): void {
    for (const [tenantId, feed] of this.feeds) {
      if (feed.isEmpty) this.feeds.delete(tenantId);
      else void feed.poll();
    }
  }
}
