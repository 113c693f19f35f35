import { Module } from '@nestjs/common';
import { AuditLogModule } from './audit-log.module.js';
import { LogSealer } from './log/log-sealer.js';

/** Seals: in the worker. */
@Module({ imports: [AuditLogModule], providers: [LogSealer], exports: [LogSealer] })
export class AuditSealerModule {}
