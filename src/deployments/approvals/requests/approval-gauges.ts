import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/database.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { oldestPending } from './pending-age.queries.js';

/** How long people let something wait: asked at each scrape, over all tenants. */
@Injectable()
export class ApprovalGauges {
  constructor(metrics: Metrics, database: Database) {
    const oldest = metrics.gauge({
      name: 'approval_oldest_pending_age_seconds',
      help: 'Age of the oldest approval that nobody has decided; 0: none is pending',
      collect: async () => {
        const seconds = await database.system(oldestPending).catch(() => null);
        if (seconds !== null) oldest.set(seconds);
      },
    });
  }
}
