import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Metrics } from '../../platform/metrics/metrics.js';
import type { KeyFault } from './key-standings.queries.js';

export type KeyOutcome = 'good' | 'malformed' | 'unknown' | 'tenant-closed' | KeyFault;

@Injectable()
export class AccessKeyMetrics {
  private readonly looks: Counter<'outcome'>;

  constructor(metrics: Metrics) {
    this.looks = metrics.counter({
      name: 'access_key_looks_total',
      help: 'Access keys that were looked at, by requests and for open sockets, by outcome',
      labelNames: ['outcome'],
    });
  }

  looked(outcome: KeyOutcome): void {
    this.looks.inc({ outcome });
  }
}
