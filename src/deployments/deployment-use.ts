import { Injectable } from '@nestjs/common';
import { QuotaCounts } from '../tenancy/quotas/quota-counts.js';
import { UsageSources } from '../tenancy/usage/usage-sources.js';
import {
  countInFlight,
  countInMonth,
  deploymentsByDay,
  deploymentsByTenant,
} from './deployment-use.queries.js';

/** Tells quotas and usage how deployments are counted. */
@Injectable()
export class DeploymentUse {
  constructor(counts: QuotaCounts, sources: UsageSources) {
    counts.register('deploymentsPerMonth', countInMonth);
    counts.register('deploymentsInFlight', countInFlight);
    sources.deploymentsBy({ byDay: deploymentsByDay, byTenant: deploymentsByTenant });
  }
}
