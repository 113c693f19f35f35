import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/metrics/metrics.js';
import { PLATFORM_TENANT } from './platform-tenant.js';
import { TENANT_STATUSES } from './tenant.js';
import { TenantDirectory } from './tenant-directory.js';

/** How many tenants there are, from the copy that the process keeps anyway: no statement for a scrape. */
@Injectable()
export class TenantGauges {
  constructor(metrics: Metrics, directory: TenantDirectory) {
    const tenants = metrics.gauge({
      name: 'tenants',
      help: 'Tenants by status, without the reserved one; those that were purged count as deleted',
      labelNames: ['status'],
      collect: () => {
        const counts = directory.countByStatus([PLATFORM_TENANT.id]);
        for (const status of TENANT_STATUSES) tenants.set({ status }, counts.get(status) ?? 0);
      },
    });
  }
}
