import type { DynamicModule, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ApprovalBeatsModule } from '../../deployments/approvals/approval-beats.module.js';
import { DeploymentEngineModule } from '../../deployments/deployment-engine.module.js';
import { MailSenderModule } from '../../drivers/channels/mail/mail.module.js';
import { DriversModule } from '../../drivers/drivers.module.js';
import { DeliverySenderModule } from '../../edges/notifications/deliveries/delivery-sender.module.js';
import { RemindersModule } from '../../edges/notifications/reminders/reminders.module.js';
import { AuditSealerModule } from '../../edges/audit/audit-sealer.module.js';
import { StreamSenderModule } from '../../edges/audit/streams/stream-sender.module.js';
import { HousekeepingModule } from '../../platform/housekeeping/housekeeping.module.js';
import { OutboxRelayModule } from '../../platform/outbox/outbox.module.js';
import { PlatformModule, type Platform } from '../../platform/platform.module.js';
import { ArtifactPurgeModule } from '../../releases/artifacts/artifact-purge.js';
import { TenantTasksModule } from '../../tenancy/tenant-tasks/tenant-tasks.module.js';
import '../hot-settings.js';
import { outboxModule } from '../outbox-consumers.js';

type FeatureModule = Type | DynamicModule;

/** What runs in the background: in processes of its own in cluster mode, in the API's otherwise. */
export const workerModules: readonly FeatureModule[] = [
  DeploymentEngineModule,
  ApprovalBeatsModule,
  HousekeepingModule,
  OutboxRelayModule,
  MailSenderModule,
  DeliverySenderModule,
  ArtifactPurgeModule,
  TenantTasksModule,
  RemindersModule,
  AuditSealerModule,
  StreamSenderModule,
];

@Module({})
export class WorkerModule {
  static forRoot(platform: Platform): DynamicModule {
    return {
      module: WorkerModule,
      imports: [PlatformModule.forRoot(platform), DriversModule, outboxModule, ...workerModules],
    };
  }
}
