import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { EngineMetrics } from '../../engine/engine.metrics.js';
import { Database } from '../../platform/database/database.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { awakeByLane } from './runs.queries.js';

/** The engine's own metrics: counters in process, gauges from one query per scrape. */
@Injectable()
export class EngineGauges implements EngineMetrics {
  private readonly fencedWrites: Counter;
  private readonly poisonedRuns: Counter;
  private readonly hints: Counter;
  private readonly polls: Counter<'poller'>;

  constructor(
    metrics: Metrics,
    private readonly database: Database,
  ) {
    this.fencedWrites = metrics.counter({
      name: 'fenced_writes_total',
      help: 'Writes refused because the lease had been lost',
    });
    this.poisonedRuns = metrics.counter({
      name: 'poison_runs_total',
      help: 'Runs stopped for a person because acting on them failed again and again',
    });
    this.hints = metrics.counter({
      name: 'hints_taken_total',
      help: 'Hints taken from the queue, also those beyond a tenant’s share',
    });
    this.polls = metrics.counter({
      name: 'gate_polls_total',
      help: 'Gates folded by the due loop',
      labelNames: ['poller'],
    });
    const oldest = metrics.gauge({
      name: 'due_step_oldest_age_seconds',
      help: 'Age of the oldest run that is due and that nobody has taken',
    });
    const inFlight = metrics.gauge({
      name: 'deployments_in_flight',
      help: 'Runs that are not over, by lane and by whether they only watch a gate',
      labelNames: ['lane', 'state'],
      collect: async () => {
        const rows = await this.database.system(awakeByLane).catch(() => null);
        if (!rows) return;
        inFlight.reset();
        oldest.set(Math.max(0, ...rows.map((row) => row.oldestDueSeconds)));
        for (const row of rows) {
          inFlight.set({ lane: row.lane, state: 'watching' }, row.polling);
          inFlight.set({ lane: row.lane, state: 'other' }, row.inFlight - row.polling);
        }
      },
    });
  }

  fenced(): void {
    this.fencedWrites.inc();
  }

  poisoned(): void {
    this.poisonedRuns.inc();
  }

  hintTaken(): void {
    this.hints.inc();
  }

  polled(poller: string, count: number): void {
    if (count > 0) this.polls.inc({ poller }, count);
  }
}
