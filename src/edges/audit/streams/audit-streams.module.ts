import { Module } from '@nestjs/common';
import { TenancyModule } from '../../../tenancy/tenancy.module.js';
import { AuditStreamsController } from './audit-streams.controller.js';
import { AuditStreamsService } from './audit-streams.service.js';
import { StreamSecretsModule } from './stream-secrets.module.js';

/** The routes of audit streams. */
@Module({
  imports: [StreamSecretsModule, TenancyModule],
  controllers: [AuditStreamsController],
  providers: [AuditStreamsService],
})
export class AuditStreamsModule {}
