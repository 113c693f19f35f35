import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { messageOf } from '../../kernel/errors.js';
import { Logger } from '../../platform/logging/logger.js';
import { TokenKeyKeeper } from './token-key-keeper.js';

/** A rotation is a matter of days; private halves that nobody needs any more are one of minutes. */
const INTERVAL_MS = 5 * 60_000;
/** Processes that were started together do not come together. */
const JITTER_MS = 30_000;

/** From the start to the shutdown of the process. */
@Injectable()
export class TokenKeyTurns
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly log: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly keeper: TokenKeyKeeper,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'token-keys' });
  }

  /** Before anybody can ask for a token. */
  onModuleInit(): Promise<void> {
    return this.keeper.admitFileKey();
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(): void {
    const ms = INTERVAL_MS + Math.random() * JITTER_MS;
    this.timer = setTimeout(() => {
      this.running = this.turn().finally(() => {
        this.running = undefined;
        if (!this.isStopping) this.schedule();
      });
    }, ms);
  }

  private async turn(): Promise<void> {
    try {
      await this.keeper.turn();
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'the keys of access tokens were not looked after');
    }
  }
}
