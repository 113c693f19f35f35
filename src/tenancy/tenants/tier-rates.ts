import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RateLimits } from '../../platform/rate-limits/rate-limits.js';
import { TenantDirectory } from './tenant-directory.js';

/** A tier multiplies the rate limits of its tenants. */
@Injectable()
export class TierRates implements OnModuleInit {
  constructor(
    private readonly rates: RateLimits,
    private readonly directory: TenantDirectory,
  ) {}

  onModuleInit(): void {
    // Of a tenant that was made a moment ago: the usual.
    this.rates.multiplyBy((tenantId) => this.directory.tierOf(tenantId)?.rateMultiplier ?? 1);
  }
}
