import { Module } from '@nestjs/common';
import { DriversModule } from '../../drivers/drivers.module.js';
import { TenantPurgersModule } from '../../tenancy/tenant-tasks/tenant-tasks.module.js';
import { ArchivePurge } from './archive/archive-purge.js';
import { AuditArchiver } from './archive/audit-archiver.js';
import { AuditLogModule } from './audit-log.module.js';
import { ErasureRunner } from './erasure/erasure-runner.js';
import { LogSealer } from './log/log-sealer.js';

/** Seals, erases whom two people have agreed on, and archives what is old: in the worker. */
@Module({
  imports: [AuditLogModule, DriversModule, TenantPurgersModule],
  providers: [LogSealer, AuditArchiver, ArchivePurge, ErasureRunner],
  exports: [LogSealer, AuditArchiver],
})
export class AuditSealerModule {}
