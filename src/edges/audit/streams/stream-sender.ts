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
import { claimStreams, type StreamClaim } from './stream-claims.store.js';
import { StreamTurn } from './stream-turn.js';

const BEAT_MS = 1_000;
/** Longer than an attempt takes at most: what a process that died had under way is then sent again. */
const LEASE_MS = 15_000;
const ATTEMPT_MS = 10_000;
/** Under way at once in this process; receivers that hang take a part of the places and no more. */
const PLACES = { all: 32, failing: 16 } as const;

/**
 * Sends what streams have yet to send, in this process, from start to shutdown: leases streams, sends one
 * delivery of each, settles. Each is a lane of its own, so a receiver that hangs holds up itself alone.
 */
@Injectable()
export class StreamSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly underWay = new Map<Promise<void>, StreamClaim>();
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isAskedAgain = false;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly turn: StreamTurn,
    private readonly config: Config,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'audit-streams' });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), BEAT_MS);
    this.look();
  }

  /** Takes nothing new, waits for what is under way, then breaks it off: that is sent again. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
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

  /** Now, in place of a second later. */
  look(): void {
    this.isAskedAgain = true;
    this.looking ??= this.lookUntilQuiet().finally(() => (this.looking = undefined));
  }

  private async lookUntilQuiet(): Promise<void> {
    while (this.isAskedAgain && !this.isStopping) {
      this.isAskedAgain = false;
      try {
        await this.claim(false);
        await this.claim(true);
      } catch (error) {
        this.log.warn({ error: messageOf(error) }, 'audit streams could not be read');
      }
    }
  }

  private async claim(isFailing: boolean): Promise<void> {
    const failing = [...this.underWay.values()].filter(({ failures }) => failures > 0).length;
    const free = PLACES.all - this.underWay.size;
    const take = isFailing ? Math.min(free, PLACES.failing - failing) : free;
    if (take <= 0) return;
    const claiming = { lease: newId(), leaseMs: LEASE_MS, take, isFailing };
    const claims = await this.database.system((tx) => claimStreams(tx, claiming));
    for (const claim of claims) this.track(claim);
  }

  private track(claim: StreamClaim): void {
    const work = this.handle(claim);
    this.underWay.set(work, claim);
    void work.finally(() => {
      this.underWay.delete(work);
      this.look();
    });
  }

  private async handle(claim: StreamClaim): Promise<void> {
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(ATTEMPT_MS)]);
    try {
      await this.turn.take(claim, signal);
    } catch (error) {
      const { tenantId, streamId } = claim;
      this.log.warn({ tenantId, streamId, error: messageOf(error) }, 'a stream was not moved on');
    }
  }
}
