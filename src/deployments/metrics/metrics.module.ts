import { Module } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { MetricReads } from './metrics.service.js';

/** Charts of what nodes have reported. It writes nothing. */
@Module({ controllers: [MetricsController], providers: [MetricReads] })
export class MetricReadsModule {}
