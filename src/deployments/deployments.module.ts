import { Global, Module } from '@nestjs/common';
import { AgentTargetModule } from '../drivers/targets/agent/agent-target.module.js';
import { Rollouts } from '../drivers/targets/agent/rollouts.js';
import { EnvironmentDefaultsValidator } from '../fleet/environments/environment-defaults-validator.js';
import { registry } from '../kernel/registry.js';
import { ReleasesModule } from '../releases/releases.module.js';
import { QuotasModule } from '../tenancy/quotas/quotas.module.js';
import { Acceptance } from './acceptance/acceptance.service.js';
import { AcceptanceQueue } from './acceptance/acceptance-queue.js';
import { ApprovalRequests } from './approvals/requests/approval-requests.js';
import { BreakGlassOverrides } from './approvals/break-glass/break-glass-overrides.js';
import { ApprovalOverrides } from './approvals/requests/overrides.js';
import { PendingReplacement } from './approvals/requests/pending-replacement.js';
import { ConflictPolicy } from './acceptance/conflict-policy.js';
import { ApprovalPoliciesModule } from './approvals/policies/approval-policies.module.js';
import { Capacity } from './admission/capacity.js';
import { DeploymentMetrics } from './deployment.metrics.js';
import { DeploymentUse } from './deployment-use.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { RegisteredDefaults } from './environment-defaults.js';
import { GatePoller } from './gates/gate-poller.js';
import { GateVetoes } from './gates/gate-vetoes.js';
import { Planner } from './planning/planner.js';
import { DeploymentEvents } from './reads/deployment-events.service.js';
import { DeploymentReads } from './reads/deployment-reads.service.js';
import { FailureLogReads } from './reads/failure-log-reads.service.js';
import { ReturnsController } from './returns/returns.controller.js';
import { DeploymentReturns } from './returns/returns.service.js';
import { RunHints } from './run-hints.js';
import { DeploymentKind } from './runs/deployment-kind.js';
import { DeploymentRows } from './runs/deployment-rows.js';
import { FinishRun } from './runs/finish-run.js';
import { NodeWatch } from './runs/node-watch.js';
import { SlotRollouts } from './runs/rollouts.queries.js';
import { RUN_ROWS } from './runs/run-rows.js';
import { SqlRunStore } from './runs/sql-run-store.js';
import { stepProviders, Steps } from './steps/steps.js';
import { DeploymentVerbs } from './verbs/deployment-verbs.service.js';
import { WindowsModule } from './windows/windows.module.js';

/**
 * HOW: deployments, their strategies, steps and gates. Global, because it provides two ports of
 * modules below it: who judges an environment's defaults, and what moves in a cluster.
 */
@Global()
@Module({
  imports: [AgentTargetModule, ApprovalPoliciesModule, QuotasModule, ReleasesModule, WindowsModule],
  controllers: [DeploymentsController, ReturnsController],
  providers: [
    { provide: EnvironmentDefaultsValidator, useClass: RegisteredDefaults },
    NodeWatch,
    { provide: Rollouts, useClass: SlotRollouts },
    DeploymentEvents,
    DeploymentMetrics,
    DeploymentReads,
    FailureLogReads,
    DeploymentUse,
    DeploymentVerbs,
    DeploymentsService,
    Acceptance,
    ApprovalRequests,
    PendingReplacement,
    { provide: ApprovalOverrides, useClass: BreakGlassOverrides },
    AcceptanceQueue,
    Capacity,
    ConflictPolicy,
    DeploymentReturns,
    {
      provide: RUN_ROWS,
      useFactory: (deployments: DeploymentRows) => registry('kind of run', [deployments]),
      inject: [DeploymentRows],
    },
    DeploymentKind,
    DeploymentRows,
    FinishRun,
    GatePoller,
    GateVetoes,
    Planner,
    RunHints,
    SqlRunStore,
    ...stepProviders,
  ],
  exports: [
    EnvironmentDefaultsValidator,
    Rollouts,
    ApprovalOverrides,
    ApprovalRequests,
    DeploymentEvents,
    DeploymentMetrics,
    DeploymentReads,
    DeploymentRows,
    DeploymentKind,
    FinishRun,
    GatePoller,
    RunHints,
    SqlRunStore,
    Steps,
  ],
})
export class DeploymentsModule {}
