import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { Config } from '../../../platform/config/config.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { DeliveryTurn } from './delivery-turn.js';
import { claimLanes, type LaneClaim } from './lane-claims.store.js';
import { busyLanes, PLACES } from './sender-places.js';

const BEAT_MS = 1_000;
/** Longer than an attempt takes at most: what a process that died had under way is then sent again. */
const LEASE_MS = 15_000;
const ATTEMPT_MS = 10_000;

/**
 * Sends what is due, in this process, from start to shutdown: leases lanes, sends the first message of each,
 * settles. In order in a lane, at least once; a receiver that hangs holds places of its own channel.
 */
@Injectable()
export class DeliverySender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly underWay = new Map<Promise<void>, LaneClaim>();
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private deafen: (() => void) | undefined;
  private looking: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly turn: DeliveryTurn,
    private readonly signal: Signal,
    private readonly config: Config,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'notifications' });
  }

  onApplicationBootstrap(): void {
    this.deafen = this.signal.subscribe(Topic.Delivery, () => this.look());
    this.timer = setInterval(() => this.look(), BEAT_MS);
    this.look();
  }

  /** Takes nothing new, waits for what is under way, then breaks it off: that is sent again. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    this.deafen?.();
    await this.looking;
    const all = Promise.all(this.underWay.keys());
    let timer: NodeJS.Timeout | undefined;
    const isLate = new Promise((resolve) => {
      timer = setTimeout(resolve, this.config.shutdownGraceMs / 4);
    });
    await Promise.race([all, isLate]);
    clearTimeout(timer);
    this.ending.abort(new Error('the process stops'));
    await all;
  }

  private look(): void {
    this.isAskedAgain = true;
    this.looking ??= this.lookUntilQuiet().finally(() => (this.looking = undefined));
  }

  private async lookUntilQuiet(): Promise<void> {
    while (this.isAskedAgain && !this.isStopping) {
      this.isAskedAgain = false;
      const lanes = PLACES.perProcess - this.underWay.size;
      if (lanes <= 0) return;
      try {
        const limits = {
          ...PLACES,
          ...busyLanes(this.underWay.values()),
          lanes,
          leaseMs: LEASE_MS,
        };
        const claims = await this.database.system((tx) => claimLanes(tx, newId(), limits));
        for (const claim of claims) this.track(claim);
        // Who was behind those of one tenant or channel is seen now that these are busy.
        if (claims.length > 0) this.isAskedAgain = true;
      } catch (error) {
        this.log.warn({ error: messageOf(error) }, 'messages that wait could not be read');
      }
    }
  }

  private track(claim: LaneClaim): void {
    const work = this.handle(claim);
    this.underWay.set(work, claim);
    void work.finally(() => {
      this.underWay.delete(work);
      this.look();
    });
  }

  private async handle(claim: LaneClaim): Promise<void> {
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(ATTEMPT_MS)]);
    try {
      await this.turn.take(claim, signal);
    } catch (error) {
      const { tenantId, channelId } = claim;
      const line = { tenantId, channelId, error: messageOf(error) };
      this.log.warn(line, 'a message could not be settled; it is sent again');
    }
  }
}
