import { Module } from '@nestjs/common';
import { ArchivedEntries } from './archive/archived-entries.js';
import { AuditLogModule } from './audit-log.module.js';
import { AuditLogsController } from './entries/audit-logs.controller.js';
import { AuditLogsService } from './entries/audit-logs.service.js';
import { ErasuresController } from './erasure/erasures.controller.js';
import { ErasuresService } from './erasure/erasures.service.js';
import { ExportController } from './export/export.controller.js';
import { ExportService } from './export/export.service.js';
import { ProofsController } from './proofs/proofs.controller.js';
import { ProofsService } from './proofs/proofs.service.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { ReceiptsService } from './receipts/receipts.service.js';
import { SuspicionWatch } from './suspicion/suspicion-watch.js';
import { VerificationController } from './verification/verification.controller.js';
import { VerificationService } from './verification/verification.service.js';

/** The audit log over HTTP. */
@Module({
  imports: [AuditLogModule],
  controllers: [
    ExportController,
    VerificationController,
    ProofsController,
    ErasuresController,
    AuditLogsController,
    ReceiptsController,
  ],
  providers: [
    ArchivedEntries,
    AuditLogsService,
    ErasuresService,
    ExportService,
    ProofsService,
    ReceiptsService,
    SuspicionWatch,
    VerificationService,
  ],
})
export class AuditModule {}
