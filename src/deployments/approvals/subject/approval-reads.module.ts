import { Module } from '@nestjs/common';
import { AgentTargetModule } from '../../../drivers/targets/agent/agent-target.module.js';
import { ApprovalHistories } from './approval-histories.service.js';
import { ApprovalReadsController } from './approval-reads.controller.js';
import { ApprovalSubjects } from './approval-subjects.service.js';
import { PendingApprovals } from './pending-approvals.service.js';
import { PresentReleases } from './present-releases.js';

/** What approvers look at before they decide. It writes nothing. */
@Module({
  imports: [AgentTargetModule],
  controllers: [ApprovalReadsController],
  providers: [ApprovalHistories, ApprovalSubjects, PendingApprovals, PresentReleases],
})
export class ApprovalReadsModule {}
