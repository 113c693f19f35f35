import {
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { messageOf } from '../../kernel/errors.js';
import { Database } from '../database/database.js';
import { Logger } from '../logging/logger.js';
import { Metrics } from '../metrics/metrics.js';
import { Settings } from '../settings/settings.js';
import { keepHouse, readDefaultPartitions } from './housekeeping.js';

const INTERVAL_MS = 60 * 60_000;
/** Partitions are made three ahead, so a failure may be tried again for hours; not in a loop. */
const RETRY_MS = 60_000;

/** Keeps house at the start and every hour. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private readonly failures: Counter;
  private readonly defaultBytes: Gauge<'table'>;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    logger: Logger,
    metrics: Metrics,
  ) {
    this.log = logger.child({ part: 'housekeeping' });
    this.failures = metrics.counter({
      name: 'housekeeping_failures_total',
      help: 'Turns of housekeeping that failed; partitions run out when this keeps growing',
    });
    this.defaultBytes = metrics.gauge({
      name: 'default_partition_bytes',
      help: 'Rows that found no partition of their own; anything but 0 needs a person',
      labelNames: ['table'],
    });
  }

  onApplicationBootstrap(): void {
    this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private begin(): void {
    this.running = this.run().then((nextMs) => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.begin(), nextMs);
    });
  }

  /** Returns when to come again. */
  private async run(): Promise<number> {
    try {
      const report = await keepHouse(this.database, this.settings);
      if (report) this.log.info({ ...report }, 'kept house');
      for (const { table, bytes } of await readDefaultPartitions(this.database)) {
        this.defaultBytes.set({ table }, bytes);
        if (bytes === 0) continue;
        this.log.warn(
          { table, bytes },
          'the default partition is not empty: move its rows and find out why their own was missing',
        );
      }
      return INTERVAL_MS;
    } catch (error) {
      this.failures.inc();
      this.log.error({ error: messageOf(error) }, 'housekeeping failed; it is tried again');
      return RETRY_MS;
    }
  }
}

@Module({ providers: [Housekeeping] })
export class HousekeepingModule {}
