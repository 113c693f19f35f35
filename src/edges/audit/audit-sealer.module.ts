import { Module } from '@nestjs/common';
import { DriversModule } from '../../drivers/drivers.module.js';
import { anchorSinks } from './anchors/anchor-sinks.js';
import { logKey } from './log/log-key.js';
import { LogSealer } from './log/log-sealer.js';

/** What seals entries and who keeps checkpoints: for the two sides below. */
@Module({
  imports: [DriversModule],
  providers: [logKey, anchorSinks],
  exports: [logKey, anchorSinks],
})
export class AuditLogModule {}

/** Seals: in the worker. */
@Module({ imports: [AuditLogModule], providers: [LogSealer], exports: [LogSealer] })
export class AuditSealerModule {}
