import { Module } from '@nestjs/common';
import { AgentTargetModule } from '../drivers/targets/agent/agent-target.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { ClustersController } from './clusters/clusters.controller.js';
import { ClustersService } from './clusters/clusters.service.js';
import { EnvironmentsController } from './environments/environments.controller.js';
import { EnvironmentsService } from './environments/environments.service.js';
import { FleetSeeder } from './fleet-seeder.js';
import { EnrollmentTokensService } from './nodes/enrollment-tokens.service.js';

/**
 * WHERE: environments, their clusters, and the nodes in them, which releases/nodes shows with what
 * they run. A global module above provides EnvironmentDefaultsValidator.
 */
@Module({
  imports: [AgentTargetModule, TenancyModule],
  controllers: [EnvironmentsController, ClustersController],
  providers: [ClustersService, EnrollmentTokensService, EnvironmentsService, FleetSeeder],
  exports: [EnrollmentTokensService],
})
export class FleetModule {}
