import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Settings } from '../../../platform/settings/settings.js';
import { deliveryDays } from './delivery.settings.js';
import { purgeDeliveries, purgeLanes } from './lane-claims.store.js';

const INTERVAL_MS = 60 * 60_000;
/** Rows per statement: a long delete would hold its locks, and hold up vacuum. */
const BATCH = 1_000;
/** Per turn; what is left comes an hour later. */
const BATCHES = 200;

/** Removes deliveries that have had their time, in batches, at the start and every hour. */
@Injectable()
export class DeliveryPurge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'notifications' });
  }

  onApplicationBootstrap(): void {
    this.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const days = this.settings.valueOf(deliveryDays);
    try {
      for (let batch = 0; batch < BATCHES && !this.isStopping; batch += 1) {
        const purged = await this.database.system((tx) =>
          purgeDeliveries(tx, { days, rows: BATCH }),
        );
        if (purged < BATCH) break;
      }
      await this.database.system((tx) => purgeLanes(tx, BATCH));
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'old deliveries could not be removed');
    }
  }

  private begin(): void {
    this.running = this.run().then(() => {
      this.running = undefined;
      if (!this.isStopping) this.timer = setTimeout(() => this.begin(), INTERVAL_MS);
    });
  }
}
