import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { uuid } from '../../../kernel/text.js';
import type { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { Route } from '../../../platform/http/route.js';
import { deploymentNotFound } from '../../deployment.errors.js';
import { ApprovalHistories } from './approval-histories.service.js';
import { ApprovalSubjects } from './approval-subjects.service.js';
import { PendingApprovals } from './pending-approvals.service.js';
import { pendingPage, pendingQuery, type PendingQuery } from './pending.dto.js';
import { approvalHistory, approvalSubject } from './subject.dto.js';
import * as examples from './subject.examples.js';

@ApiTags('approvals')
@Controller('approvals')
export class ApprovalReadsController {
  constructor(
    private readonly pending: PendingApprovals,
    private readonly subjects: ApprovalSubjects,
    private readonly histories: ApprovalHistories,
  ) {}

  @Route('GET pending', {
    access: Permission.ApprovalsRead,
    summary: 'List what waits for an approval',
    description:
      'Newest deployment first. `mine=true` leaves only those that the caller could decide now: whoever asks with an access key gets none.',
    errors: [cursorInvalid],
    answer: pendingPage,
    example: { response: { items: [examples.pendingExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: pendingQuery }) query: PendingQuery) {
    return this.pending.list(ctx, query);
  }

  @Route('GET deployments/:deploymentId', {
    access: Permission.ApprovalsRead,
    summary: 'Read what was asked and decided about a deployment',
    description:
      'Its requests, newest first, each with what was said about it, oldest first. A request is asked again, under the next number, when its subject has changed; decisions on the one before no longer count.',
    errors: [deploymentNotFound],
    answer: approvalHistory,
    example: { response: examples.historyExample },
  })
  history(@Ctx() ctx: Context, @Param('deploymentId', { schema: uuid }) id: string) {
    return this.histories.history(ctx, id);
  }

  @Route('GET deployments/:deploymentId/subject', {
    access: Permission.ApprovalsRead,
    summary: 'Read what an approval would sign',
    description:
      'Manifest, configuration and nodes against what runs there now, strategy and gate against what the environment says itself, what else was done with this release, what else waits, and how far each rule has come. Decisions name its `subjectDigest`. Values of configurations are shown to whoever may read them; secrets are slots.',
    errors: [deploymentNotFound],
    answer: approvalSubject,
    example: { response: examples.subjectExample },
  })
  subject(@Ctx() ctx: Context, @Param('deploymentId', { schema: uuid }) id: string) {
    return this.subjects.subject(ctx, id);
  }
}
