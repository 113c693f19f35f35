import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/database.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { countDriftedNodes } from './presence.store.js';

/** How many nodes run something else than they were told, by their last reports. */
@Injectable()
export class DriftMetrics {
  constructor(metrics: Metrics, database: Database) {
    const gauge = metrics.gauge({
      name: 'nodes_drifted',
      help: 'Nodes that report something else running than they were told, and are not Lost',
      collect: async () => {
        // The database is away: the scrape shows the last figure.
        const nodes = await database.system(countDriftedNodes).catch(() => null);
        if (nodes !== null) gauge.set(nodes);
      },
    });
  }
}
