import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { ObjectStore } from '../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../drivers/storage/object-store.token.js';
import { messageOf } from '../../kernel/errors.js';
import { Logger } from '../../platform/logging/logger.js';

/** Longer than any upload that still moves: an idle one is cut after a minute. */
export const TEMPORARY_AGE_MS = 24 * 60 * 60 * 1000;
const SWEEP_INTERVAL_MS = 60 * 60 * 1000;

/**
 * Takes away temporary objects that a killed process left behind: at start, and every hour. A file
 * that is still being written is young by its own time, so several processes may sweep one store.
 */
@Injectable()
export class TemporarySweep implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
    private readonly log: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.sweep();
    this.timer = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      const swept = await this.store.sweepTemporary(TEMPORARY_AGE_MS);
      if (swept > 0) this.log.info({ swept }, 'unfinished uploads were taken away');
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'unfinished uploads could not be taken away');
    }
  }
}
