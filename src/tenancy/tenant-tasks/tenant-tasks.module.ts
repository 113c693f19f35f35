import { Module } from '@nestjs/common';
import { TenantServers } from '../../drivers/tenant-servers/tenant-servers.js';
import { Config } from '../../platform/config/config.js';
import { Database } from '../../platform/database/database.js';
import { TenantLooks } from '../tenants/tenant-looks.js';
import { Provisioning } from './provisioning.js';
import { Purging } from './purging.js';
import { TenantPurgers } from './tenant-purger.js';
import { TenantTaskRunner } from './tenant-task-runner.js';

/** For whoever decides about tenants. */
@Module({
  providers: [
    {
      provide: TenantServers,
      inject: [Config, Database],
      useFactory: (config: Config, database: Database) => TenantServers.of(config, database),
    },
    Provisioning,
    TenantLooks,
  ],
  exports: [Provisioning, TenantLooks, TenantServers],
})
export class ProvisioningModule {}

/** Where modules say what they keep of a tenant outside the tables. */
@Module({ providers: [TenantPurgers], exports: [TenantPurgers] })
export class TenantPurgersModule {}

/** Does what is to be done to tenants: in the worker. */
@Module({
  imports: [ProvisioningModule, TenantPurgersModule],
  providers: [Purging, TenantTaskRunner],
})
export class TenantTasksModule {}
