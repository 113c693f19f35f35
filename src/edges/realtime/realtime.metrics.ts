import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { Metrics } from '../../platform/metrics/metrics.js';

/**
 * `slow`: it read too slowly. `flood`: it sent too much. `session`: its bearer lost the right. `behind`: the feed
 * had lost track, as after an outage of the database.
 */
export type CutReason = 'slow' | 'flood' | 'session' | 'behind';

@Injectable()
export class RealtimeMetrics {
  private readonly open: Gauge;
  private readonly cuts: Counter<'reason'>;

  constructor(metrics: Metrics) {
    this.open = metrics.gauge({ name: 'sockets_open', help: 'Open live sockets' });
    this.cuts = metrics.counter({
      name: 'sockets_cut_total',
      help: 'Live sockets that the server closed, by reason',
      labelNames: ['reason'],
    });
  }

  opened(): void {
    this.open.inc();
  }

  closed(): void {
    this.open.dec();
  }

  cut(reason: CutReason): void {
    this.cuts.inc({ reason });
  }
}
