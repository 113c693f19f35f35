import { Module } from '@nestjs/common';
import { TenantDirectoryModule } from '../../../tenancy/tenants/tenant-directory.module.js';
import { ChannelsModule } from '../channels/channels.module.js';
import { DeliveryPurge } from './delivery-purge.js';
import { DeliverySender } from './delivery-sender.js';
import { DeliveryTurn } from './delivery-turn.js';
import { DeliveryMetrics } from './delivery.metrics.js';

/** Sends what waits: in the worker. */
@Module({
  imports: [ChannelsModule, TenantDirectoryModule],
  providers: [DeliveryMetrics, DeliveryPurge, DeliverySender, DeliveryTurn],
})
export class DeliverySenderModule {}
