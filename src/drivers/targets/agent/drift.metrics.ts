import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/database.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { isLostSql } from './node-health.js';

/** How many nodes run something else than they were told, by their last reports. */
@Injectable()
export class DriftMetrics {
  constructor(metrics: Metrics, database: Database) {
    const gauge = metrics.gauge({
      name: 'nodes_drifted',
      help: 'Nodes that report something else running than they were told, and are not Lost',
      collect: async () => {
        const rows = await database
          .system((tx) => tx.query<{ nodes: number }>(COUNT_SQL))
          // The database is away: the scrape shows the last figure.
          .catch(() => []);
        if (rows[0]) gauge.set(rows[0].nodes);
      },
    });
  }
}

const COUNT_SQL = `select count(*)::int as nodes from node_presence presence
  where drifted_modules > 0 and not ${isLostSql('presence')}`;
