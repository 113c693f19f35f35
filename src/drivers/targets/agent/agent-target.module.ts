import { Module } from '@nestjs/common';
import { AgentAuthenticator } from '../../../platform/http/agent-authenticator.js';
import { Targets } from '../targets.js';
import { AgentController } from './agent.controller.js';
import { AgentTarget } from './agent.target.js';
import { ArtifactDownloads } from './artifact-downloads.js';
import { CatchUp } from './catch-up.js';
import { DesiredPolls } from './desired-polls.js';
import { DesiredStatements } from './desired-statement.js';
import { DownloadPlaces } from './download-places.js';
import { DriftMetrics } from './drift.metrics.js';
import { EnrollmentService } from './enrollment.service.js';
import { FailureLogsService } from './failure-logs.service.js';
import { KnownNodes } from './known-nodes.js';
import { NodeAuthenticator } from './node-authenticator.js';
import { NodeDuplicates } from './node-duplicates.js';
import { ParkedNodes } from './parked-nodes.js';
import { QuietReports } from './quiet-reports.js';
import { ReportsService } from './reports.service.js';

/**
 * The control plane's side of the agent. Expects from global modules: Database, Signal, Audit,
 * Config, Logger, CLOCK, OBJECT_STORE, STATEMENT_KEYS, and what is known above only: ReleaseFacts,
 * Rollouts.
 */
@Module({
  controllers: [AgentController],
  providers: [
    AgentTarget,
    Targets,
    ArtifactDownloads,
    CatchUp,
    DesiredPolls,
    DesiredStatements,
    DownloadPlaces,
    DriftMetrics,
    EnrollmentService,
    FailureLogsService,
    KnownNodes,
    NodeDuplicates,
    ParkedNodes,
    QuietReports,
    ReportsService,
    { provide: AgentAuthenticator, useClass: NodeAuthenticator },
  ],
  exports: [AgentTarget, Targets, AgentAuthenticator],
})
export class AgentTargetModule {}
