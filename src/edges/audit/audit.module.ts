import { Module } from '@nestjs/common';
import { AuditLogModule } from './audit-log.module.js';
import { AuditLogsController } from './entries/audit-logs.controller.js';
import { AuditLogsService } from './entries/audit-logs.service.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';

/** The audit log over HTTP. */
@Module({
  imports: [AuditLogModule],
  controllers: [ProofsController, AuditLogsController],
  providers: [AuditLogsService, ProofsService],
})
export class AuditModule {}
