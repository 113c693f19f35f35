import { Module } from '@nestjs/common';
import { TenantDirectoryModule } from '../../../tenancy/tenants/tenant-directory.module.js';
import { AuditLogModule } from '../audit-log.module.js';
import { StreamPost } from './stream-post.js';
import { StreamSecretsModule } from './stream-secrets.module.js';
import { StreamSender } from './stream-sender.js';
import { StreamTurn } from './stream-turn.js';
import { StreamMetrics } from './stream.metrics.js';

/** Sends what audit streams have yet to send: in the worker. */
@Module({
  imports: [AuditLogModule, StreamSecretsModule, TenantDirectoryModule],
  providers: [StreamMetrics, StreamPost, StreamSender, StreamTurn],
})
export class StreamSenderModule {}
