import type { Counter, Gauge } from 'prom-client';
import type { Metrics } from '../metrics/metrics.js';
import type { OutsideObserver } from './outside-port.js';

const known = new WeakMap<Metrics, OutsideMetrics>();

/** How the doors to the outside are, by their name. */
export class OutsideMetrics {
  private readonly failures: Counter<'port'>;
  private readonly refusals: Counter<'port'>;
  private readonly open: Gauge<'port'>;

  /** Once for each process: some doors are opened before Nest, others by it. */
  static of(metrics: Metrics): OutsideMetrics {
    const made = known.get(metrics) ?? new OutsideMetrics(metrics);
    known.set(metrics, made);
    return made;
  }

  private constructor(metrics: Metrics) {
    this.failures = metrics.counter({
      name: 'outside_calls_failed_total',
      help: 'Calls to something outside that failed or came too late',
      labelNames: ['port'],
    });
    this.refusals = metrics.counter({
      name: 'outside_calls_refused_total',
      help: 'Calls that were not tried because the circuit breaker is open',
      labelNames: ['port'],
    });
    this.open = metrics.gauge({
      name: 'outside_circuit_open',
      help: '1 while calls are refused because the other side did not answer',
      labelNames: ['port'],
    });
  }

  observer(port: string): OutsideObserver {
    this.failures.inc({ port }, 0);
    this.refusals.inc({ port }, 0);
    this.open.set({ port }, 0);
    return {
      failed: () => this.failures.inc({ port }),
      refused: () => this.refusals.inc({ port }),
      changed: (isOpen) => this.open.set({ port }, isOpen ? 1 : 0),
    };
  }
}
