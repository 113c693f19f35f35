import type { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../metrics/metrics.js';

/** How new this process's copy of the settings is. */
export class SettingsMetrics {
  private readonly revision: Gauge;
  private readonly failures: Counter;

  constructor(metrics: Metrics) {
    this.revision = metrics.gauge({
      name: 'settings_revision',
      help: 'The newest change of a setting that this process knows; the same in all processes within seconds',
    });
    this.failures = metrics.counter({
      name: 'settings_read_failures_total',
      help: 'Looks for changes of settings that failed; the values from before go on counting',
    });
  }

  has(revision: number): void {
    this.revision.set(revision);
  }

  failed(): void {
    this.failures.inc();
  }
}
