import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { deploymentNotFound } from '../../deployment.errors.js';
import {
  approvalNeedsPerson,
  approvalNotOpen,
  approvalSubjectChanged,
} from '../approvals.errors.js';
import * as dto from './break-glass.dto.js';
import {
  breakGlassNotFound,
  breakGlassOff,
  breakGlassOwnReview,
  breakGlassReviewed,
} from './break-glass.errors.js';
import { breakGlassExample as example } from './break-glass.examples.js';
import { BreakGlassService } from './break-glass.service.js';

@ApiTags('approvals')
@Controller()
export class BreakGlassController {
  constructor(private readonly breakGlass: BreakGlassService) {}

  @Route('POST approvals/deployments/:deploymentId/break-glass', {
    access: Permission.ApprovalsBreakGlass,
    proof: { isStepUp: true },
    summary: 'Start a deployment without its approvals',
    description:
      'In an emergency, where the setting `approvals.break-glass` is on. It takes the place of all its approvals and of nothing else: freezes, the kill switch and signatures hold. Everybody is told at once, and another person must review it.',
    errors: [
      deploymentNotFound,
      approvalNeedsPerson,
      breakGlassOff,
      approvalNotOpen,
      approvalSubjectChanged,
    ],
    answer: dto.breakGlassOut,
    status: 200,
    example: { request: example.use, response: example.used },
  })
  use(
    @Ctx() ctx: Context,
    @Param({ schema: dto.breakGlassParams }) { deploymentId }: dto.BreakGlassParams,
    @Body({ schema: dto.breakGlassBody }) body: dto.BreakGlassBody,
  ) {
    return this.breakGlass.use(ctx, deploymentId, body);
  }

  @Route('POST approvals/deployments/:deploymentId/review', {
    access: Permission.ApprovalsDecide,
    summary: 'Review a deployment that was started without its approvals',
    description:
      'By another person who may decide there and has not asked for it. It takes the mark away, whatever the verdict.',
    errors: [
      deploymentNotFound,
      approvalNeedsPerson,
      breakGlassNotFound,
      breakGlassOwnReview,
      breakGlassReviewed,
    ],
    answer: dto.breakGlassOut,
    status: 200,
    example: { request: example.review, response: example.reviewed },
  })
  review(
    @Ctx() ctx: Context,
    @Param({ schema: dto.breakGlassParams }) { deploymentId }: dto.BreakGlassParams,
    @Body({ schema: dto.reviewBody }) body: dto.ReviewBody,
  ) {
    return this.breakGlass.review(ctx, deploymentId, body);
  }

  @Route('GET break-glass', {
    access: Permission.ApprovalsRead,
    summary: 'List deployments that were started without their approvals',
    description: 'Newest first; `open=true`: those that nobody has reviewed.',
    errors: [cursorInvalid],
    answer: pageOf(dto.breakGlassOut),
    example: { response: { items: [example.used], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.breakGlassQuery }) query: dto.BreakGlassQuery) {
    return this.breakGlass.list(ctx, query);
  }
}
