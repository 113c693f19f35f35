import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { FailureLog } from '../../../agent/protocol/failure-log.js';
import { messageOf } from '../../../kernel/errors.js';
import { failureLogLimits } from '../../../kernel/failure-log-limits.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { forgetFailureLogs, writeFailureLog } from './failure-logs.store.js';

const FORGET_EVERY_MS = 3_600_000;

/** Keeps what nodes send of the output of what has failed, for as long as somebody may ask. */
@Injectable()
export class FailureLogsService implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.forget(), FORGET_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** What a node was never told is left out: it has nothing to say of it. */
  async keep(ctx: Context, log: FailureLog): Promise<void> {
    await this.database.transaction(ctx, (open) => writeFailureLog(open, log));
  }

  async forget(): Promise<void> {
    try {
      await this.database.system((tx) => forgetFailureLogs(tx, failureLogLimits.keptMs));
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'old output of failures could not be removed');
    }
  }
}
