import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Database } from '../../../platform/database/database.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { backlogOfStreams } from './stream-claims.store.js';

@Injectable()
export class StreamMetrics {
  readonly deliveries: Counter<'outcome'>;
  readonly entries: Counter;

  constructor(database: Database, metrics: Metrics) {
    this.deliveries = metrics.counter({
      name: 'audit_stream_deliveries_total',
      help: 'Deliveries of audit streams by what became of the attempt: taken, postponed',
      labelNames: ['outcome'],
    });
    this.entries = metrics.counter({
      name: 'audit_stream_entries_total',
      help: 'Entries that receivers of audit streams have taken',
    });
    const oldest = metrics.gauge({
      name: 'audit_stream_lag_seconds',
      help: 'Age of the oldest entry that an audit stream has yet to send, of all that are not paused',
    });
    const behind = metrics.gauge({
      name: 'audit_stream_entries_behind',
      help: 'Entries that audit streams have yet to send; when it grows, a receiver does not take them',
      collect: async () => {
        const now = await database.system(backlogOfStreams).catch(() => null);
        if (now === null) return;
        behind.set(now.behind);
        oldest.set(now.oldestSeconds);
      },
    });
  }
}
