import { Module } from '@nestjs/common';
import { DriversModule } from '../../drivers/drivers.module.js';
import { anchorSinks } from './anchors/anchor-sinks.js';
import { AuditReads } from './entries/audit-reads.js';
import { logKey } from './log/log-key.js';
import { LogReader } from './log/log-reader.js';

/** What both sides have: who seals, and who asks. */
@Module({
  imports: [DriversModule],
  providers: [logKey, anchorSinks, AuditReads, LogReader],
  exports: [logKey, anchorSinks, AuditReads, LogReader],
})
export class AuditLogModule {}
