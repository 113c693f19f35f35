import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Metrics } from '../../platform/metrics/metrics.js';
import type { QuotaKey } from '../tiers/tier.js';

@Injectable()
export class QuotaMetrics {
  private readonly refusals: Counter<'quota'>;
  private readonly warnings: Counter<'quota' | 'percent'>;
  private readonly differences: Counter<'quota' | 'direction'>;

  constructor(metrics: Metrics) {
    this.refusals = metrics.counter({
      name: 'quota_refusals_total',
      help: 'What was refused because a quota of its tenant was used up',
      labelNames: ['quota'],
    });
    this.warnings = metrics.counter({
      name: 'quota_warnings_total',
      help: 'Warnings that 80, 90 or 100 per cent of a quota are used',
      labelNames: ['quota', 'percent'],
    });
    this.differences = metrics.counter({
      name: 'quota_recount_difference_total',
      help: 'By how much counters of quotas were off when they were recounted; more than keys that expired needs a person',
      labelNames: ['quota', 'direction'],
    });
  }

  refused(quota: QuotaKey): void {
    this.refusals.inc({ quota });
  }

  warned(quota: QuotaKey, percent: number): void {
    this.warnings.inc({ quota, percent: String(percent) });
  }

  mended(quota: QuotaKey, difference: number): void {
    const direction = difference > 0 ? 'too-low' : 'too-high';
    this.differences.inc({ quota, direction }, Math.abs(difference));
  }
}
