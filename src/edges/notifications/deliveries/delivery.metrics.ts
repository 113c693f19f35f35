import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { Database } from '../../../platform/database/database.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { countWaiting } from './lane-claims.store.js';

/** `postponed`: tried in vain, and tried again. `dead`: not tried any more. */
type AttemptOutcome = 'delivered' | 'postponed' | 'dead';

@Injectable()
export class DeliveryMetrics {
  private readonly deliveries: Counter<'kind' | 'outcome'>;
  private readonly waits: Histogram<'kind'>;

  constructor(database: Database, metrics: Metrics) {
    this.deliveries = metrics.counter({
      name: 'deliveries_total',
      help: 'Messages to channels by what became of an attempt: delivered, postponed, dead',
      labelNames: ['kind', 'outcome'],
    });
    this.waits = metrics.histogram({
      name: 'delivery_wait_seconds',
      help: 'From when a message was put on its way until its receiver had it',
      labelNames: ['kind'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600, 3_600, 86_400],
    });
    const oldest = metrics.gauge({
      name: 'delivery_oldest_waiting_seconds',
      help: 'For how long the oldest message that is not delivered has waited',
    });
    const waiting = metrics.gauge({
      name: 'deliveries_waiting',
      help: 'Messages to channels that are on their way; when it grows, receivers do not take them',
      collect: async () => {
        const now = await database.system(countWaiting).catch(() => null);
        if (now === null) return;
        waiting.set(now.waiting);
        oldest.set(now.oldestSeconds);
      },
    });
  }

  ended(kind: string, outcome: AttemptOutcome, count = 1): void {
    if (count > 0) this.deliveries.inc({ kind, outcome }, count);
  }

  delivered(kind: string, waitedMs: number): void {
    this.waits.observe({ kind }, waitedMs / 1_000);
  }
}
