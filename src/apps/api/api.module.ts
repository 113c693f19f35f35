import type { DynamicModule, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ApprovalsModule } from '../../deployments/approvals/approvals.module.js';
import { MetricReadsModule } from '../../deployments/metrics/metrics.module.js';
import { DrainModule } from '../../deployments/drain/drain.module.js';
import { AttentionModule } from '../../deployments/attention/attention.module.js';
import { ApprovalReadsModule } from '../../deployments/approvals/subject/approval-reads.module.js';
import { DeploymentsModule } from '../../deployments/deployments.module.js';
import { DriversModule } from '../../drivers/drivers.module.js';
import { AgentTargetModule } from '../../drivers/targets/agent/agent-target.module.js';
import { ChannelsApiModule } from '../../edges/notifications/channels/channels-api.module.js';
import { SubscriptionsModule } from '../../edges/notifications/subscriptions/subscriptions.module.js';
import { AuditModule } from '../../edges/audit/audit.module.js';
import { AuditStreamsModule } from '../../edges/audit/streams/audit-streams.module.js';
import { RealtimeModule } from '../../edges/realtime/realtime.module.js';
import { FleetModule } from '../../fleet/fleet.module.js';
import { SettingsModule } from '../../fleet/settings/settings.module.js';
import { NodesModule } from '../../releases/nodes/nodes.module.js';
import { ReleasesModule } from '../../releases/releases.module.js';
import { TenancyModule } from '../../tenancy/tenancy.module.js';
import { PlatformModule, type Platform } from '../../platform/platform.module.js';
import '../hot-settings.js';
import { outboxModule } from '../outbox-consumers.js';

type FeatureModule = Type | DynamicModule;

/** What the API consists of, in the order of src/: one line per feature. */
export const apiModules: readonly FeatureModule[] = [
  RealtimeModule,
  ChannelsApiModule,
  SubscriptionsModule,
  AuditModule,
  AuditStreamsModule,
  DeploymentsModule,
  ApprovalsModule,
  ApprovalReadsModule,
  AttentionModule,
  DrainModule,
  MetricReadsModule,
  ReleasesModule,
  FleetModule,
  SettingsModule,
  NodesModule,
  TenancyModule,
  AgentTargetModule,
  DriversModule,
  outboxModule,
];

@Module({})
export class ApiModule {
  /** `more`: what a single process holds besides (the worker, in standalone mode). */
  static forRoot(platform: Platform, more: readonly FeatureModule[] = []): DynamicModule {
    return {
      module: ApiModule,
      imports: [PlatformModule.forRoot(platform), ...apiModules, ...more],
    };
  }
}
