import { Global, Module } from '@nestjs/common';
import { TenantDirectoryModule } from '../tenants/tenant-directory.module.js';
import { UsageSources } from '../usage/usage-sources.js';
import { EntitlementSource } from './entitlements.js';
import { QuotaCounts } from './quota-counts.js';
import { Quotas } from './quotas.js';
import { QuotaMetrics } from './quotas.metrics.js';
import { TierEntitlements } from './tier-entitlements.js';

/** What tenants may use, and how much they do: for API and worker. Whoever owns something says how it is counted. */
@Global()
@Module({
  imports: [TenantDirectoryModule],
  providers: [
    { provide: EntitlementSource, useClass: TierEntitlements },
    QuotaCounts,
    QuotaMetrics,
    Quotas,
    UsageSources,
  ],
  exports: [EntitlementSource, QuotaCounts, QuotaMetrics, Quotas, UsageSources],
})
export class QuotasModule {}
