import type { Counter, Histogram } from 'prom-client';
import type { PendingLeaf } from '../../../platform/audit/audit-pending.store.js';
import type { Metrics } from '../../../platform/metrics/metrics.js';

const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 60];

export class AuditMetrics {
  readonly failures: Counter;
  readonly anchors: Counter<'sink' | 'outcome'>;
  private readonly lag: Histogram;

  constructor(metrics: Metrics) {
    this.failures = metrics.counter({
      name: 'audit_seal_failures_total',
      help: 'Turns of the sealer that failed; entries wait without a proof when this keeps growing',
    });
    this.anchors = metrics.counter({
      name: 'audit_anchors_total',
      help: 'Checkpoints brought to a place outside, by outcome; any that is contradicted needs a person',
      labelNames: ['sink', 'outcome'],
    });
    this.lag = metrics.histogram({
      name: 'audit_seal_lag_seconds',
      help: 'From when an entry was written until it was sealed',
      buckets: LAG_SECONDS,
    });
  }

  sealed(entries: readonly PendingLeaf[]): void {
    const now = Date.now();
    for (const { at } of entries) this.lag.observe(Math.max(0, now - at.getTime()) / 1000);
  }
}
