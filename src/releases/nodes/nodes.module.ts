import { Module } from '@nestjs/common';
import { FleetModule } from '../../fleet/fleet.module.js';
import { NodesController } from './nodes.controller.js';
import { NodesService } from './nodes.service.js';

/** Nodes with what they run: they are the fleet's, and what they run has names up here only. */
@Module({
  imports: [FleetModule],
  controllers: [NodesController],
  providers: [NodesService],
})
export class NodesModule {}
