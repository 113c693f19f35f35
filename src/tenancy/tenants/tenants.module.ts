import { Module } from '@nestjs/common';
import { ProvisioningModule } from '../tenant-tasks/tenant-tasks.module.js';
import { TenantSecretsService } from '../tenant-tasks/tenant-secrets.service.js';
import { TiersController } from '../tiers/tiers.controller.js';
import { TiersService } from '../tiers/tiers.service.js';
import { TenantDirectoryModule } from './tenant-directory.module.js';
import { TenantGauges } from './tenant-gauges.js';
import { TenantLifeController } from './tenant-life.controller.js';
import { TenantLifeService } from './tenant-life.service.js';
import { TenantSeeders } from './tenant-seeder.js';
import { TenantWrites } from './tenant-writes.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';

/** Tenants and their tiers. */
@Module({
  imports: [ProvisioningModule, TenantDirectoryModule],
  controllers: [TenantsController, TenantLifeController, TiersController],
  providers: [
    TenantGauges,
    TenantLifeService,
    TenantSecretsService,
    TenantSeeders,
    TenantWrites,
    TenantsService,
    TiersService,
  ],
  exports: [ProvisioningModule, TenantDirectoryModule, TenantSeeders, TenantWrites],
})
export class TenantsModule {}
