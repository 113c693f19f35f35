import { Module } from '@nestjs/common';
import { RequestMeter } from '../../platform/http/request-meter.js';
import { QuotaRecount } from '../quotas/quota-recount.js';
import { QuotaReviews } from '../quotas/quota-reviews.js';
import { QuotasController } from '../quotas/quotas.controller.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { QuotasService } from '../quotas/quotas.service.js';
import { TenantDirectoryModule } from '../tenants/tenant-directory.module.js';
import { UsageMeter } from './usage-meter.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** What tenants use, told over HTTP; and what only the processes that serve it do for that. */
@Module({
  imports: [QuotasModule, TenantDirectoryModule],
  controllers: [QuotasController, UsageController],
  providers: [
    QuotaRecount,
    QuotaReviews,
    QuotasService,
    UsageMeter,
    UsageService,
    { provide: RequestMeter, useExisting: UsageMeter },
  ],
})
export class UsageModule {}
