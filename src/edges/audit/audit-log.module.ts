import { Module } from '@nestjs/common';
import { DriversModule } from '../../drivers/drivers.module.js';
import { ArchiveReader } from './archive/archive-reader.js';
import { anchorSinks } from './anchors/anchor-sinks.js';
import { AuditRetention } from './archive/audit-retention.js';
import { AuditReads } from './entries/audit-reads.js';
import { logKey } from './log/log-key.js';
import { LogReader } from './log/log-reader.js';

/** What both sides have: who seals, and who asks. */
@Module({
  imports: [DriversModule],
  providers: [logKey, anchorSinks, ArchiveReader, AuditReads, AuditRetention, LogReader],
  exports: [logKey, anchorSinks, ArchiveReader, AuditReads, AuditRetention, LogReader],
})
export class AuditLogModule {}
