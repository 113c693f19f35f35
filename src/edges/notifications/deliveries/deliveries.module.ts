import { Module } from '@nestjs/common';
import { Deliveries } from './deliveries.js';

/** For whoever has something to tell. */
@Module({ providers: [Deliveries], exports: [Deliveries] })
export class DeliveriesModule {}
