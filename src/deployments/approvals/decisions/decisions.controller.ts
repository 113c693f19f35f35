import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import type { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { Route } from '../../../platform/http/route.js';
import { deploymentNotFound } from '../../deployment.errors.js';
import {
  approvalBarred,
  approvalCommentsFull,
  approvalDowngrade,
  approvalNeedsPerson,
  approvalNotOpen,
  approvalPasskeyRequired,
  approvalReasonRequired,
  approvalSubjectChanged,
  notAnApprover,
  nothingToWithdraw,
} from '../approvals.errors.js';
import { startExpired } from '../../schedule/schedule.errors.js';
import { frozen } from '../../windows/freezes.errors.js';
import * as dto from './decisions.dto.js';
import { decisionExamples as examples } from './decisions.examples.js';
import { Decisions } from './decisions.service.js';

const decide = {
  access: Permission.ApprovalsDecide,
  rate: 'approvals',
  answer: dto.approvalState,
  status: 200,
} as const;

const refused = [deploymentNotFound, approvalNeedsPerson, approvalNotOpen, approvalCommentsFull];
const ofVoters = [...refused, notAnApprover, approvalBarred];

/** What people say about a deployment that waits for them. */
@ApiTags('approvals')
@Controller('approvals/deployments/:deploymentId')
export class DecisionsController {
  constructor(private readonly decisions: Decisions) {}

  @Route('POST approve', {
    ...decide,
    summary: 'Approve a deployment',
    description:
      'Names the subject that you have looked at: another one is refused. The last approval that is needed starts the rollout. Asking again changes nothing.',
    errors: [
      ...ofVoters,
      approvalSubjectChanged,
      approvalDowngrade,
      approvalReasonRequired,
      approvalPasskeyRequired,
      frozen,
      startExpired,
    ],
    example: { request: examples.approve, response: examples.granted },
  })
  approve(
    @Ctx() ctx: Context,
    @Param({ schema: dto.decisionParams }) { deploymentId }: dto.DecisionParams,
    @Body({ schema: dto.approveBody }) body: dto.ApproveBody,
  ) {
    return this.decisions.approve(ctx, deploymentId, body);
  }

  @Route('POST reject', {
    ...decide,
    isOpenWhileSuspended: true,
    summary: 'Reject a deployment',
    description: 'It ends as Rejected, with the reason. One rejection is enough.',
    errors: ofVoters,
    example: { request: examples.reject, response: examples.rejected },
  })
  reject(
    @Ctx() ctx: Context,
    @Param({ schema: dto.decisionParams }) { deploymentId }: dto.DecisionParams,
    @Body({ schema: dto.rejectBody }) body: dto.RejectBody,
  ) {
    return this.decisions.reject(ctx, deploymentId, body);
  }

  @Route('POST comment', {
    ...decide,
    access: Permission.ApprovalsRead,
    summary: 'Comment on an approval',
    description: 'Says something to those who decide, and decides nothing.',
    errors: refused,
    example: { request: examples.comment, response: examples.open },
  })
  comment(
    @Ctx() ctx: Context,
    @Param({ schema: dto.decisionParams }) { deploymentId }: dto.DecisionParams,
    @Body({ schema: dto.commentBody }) body: dto.CommentBody,
  ) {
    return this.decisions.comment(ctx, deploymentId, body);
  }

  @Route('POST withdraw', {
    ...decide,
    summary: 'Withdraw your approval',
    description:
      'Only while others are still missing: to undo what has been granted, cancel the deployment.',
    errors: [...refused, nothingToWithdraw],
    example: { request: examples.withdraw, response: examples.open },
  })
  withdraw(
    @Ctx() ctx: Context,
    @Param({ schema: dto.decisionParams }) { deploymentId }: dto.DecisionParams,
    @Body({ schema: dto.withdrawBody }) body: dto.WithdrawBody,
  ) {
    return this.decisions.withdraw(ctx, deploymentId, body);
  }
}
