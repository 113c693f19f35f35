import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ObjectStore } from '../../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../../drivers/storage/object-store.token.js';
import { messageOf } from '../../../kernel/errors.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Eraser, LEASE_MS } from './eraser.js';
import { claimErasure } from './erasing.store.js';

const BEAT_MS = 2_000;

/** Erases whom two people have agreed on, in the worker: one at a time in each process. */
@Injectable()
export class ErasureRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly eraser: Eraser;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    @Inject(OBJECT_STORE) store: ObjectStore,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'audit-erasure' });
    this.eraser = new Eraser(database, store);
  }

  onApplicationBootstrap(): void {
    this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** All that is due, until nothing is. */
  async run(): Promise<void> {
    while (!this.isStopping) {
      const due = await this.database.system((tx) => claimErasure(tx, LEASE_MS));
      if (!due) return;
      await this.eraser.lead(due, () => this.isStopping);
    }
  }

  private begin(): void {
    this.running = this.turn().then(() => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.begin(), BEAT_MS);
    });
  }

  /** What fails is tried again when its lease is over. */
  private async turn(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.log.warn(
        { error: messageOf(error) },
        'a person could not be erased from the audit log; it is tried again',
      );
    }
  }
}
