import { Module } from '@nestjs/common';
import { TenancyModule } from '../../../tenancy/tenancy.module.js';
import { DeliveriesController } from '../deliveries/deliveries.controller.js';
import { DeliveryReads } from '../deliveries/delivery-reads.service.js';
import { ChannelTests } from './channel-tests.js';
import { ChannelsController } from './channels.controller.js';
import { ChannelsModule } from './channels.module.js';
import { ChannelsService } from './channels.service.js';
import { ConsoleSeeder } from './console-seeder.js';

/** The routes of channels and deliveries. */
@Module({
  imports: [ChannelsModule, TenancyModule],
  controllers: [ChannelsController, DeliveriesController],
  providers: [ChannelTests, ChannelsService, ConsoleSeeder, DeliveryReads],
})
export class ChannelsApiModule {}
