import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Permission } from '../kernel/permission.js';
import { uuid } from '../kernel/text.js';
import type { Context } from '../platform/context.js';
import { Allow } from '../platform/http/access.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid, versionMismatch } from '../platform/http/http.errors.js';
import { etagOf } from '../platform/http/if-match.js';
import { Operation } from '../platform/http/operation.js';
import {
  deploymentNotFound,
  gateUnstable,
  hookOutcomeNeeded,
  noHookToAnswer,
  nothingToPromote,
  stateNotSuitable,
} from './deployment.errors.js';
import {
  acceptedExample,
  deploymentExample,
  eventExample,
  explanationExample,
  planExample,
  plansExample,
  requestExample,
  summaryExample,
  verbExample,
} from './deployment.examples.js';
import {
  cancelRequest,
  deploymentAccepted,
  deploymentDetail,
  deploymentEvents,
  deploymentPage,
  deploymentPlans,
  deploymentRequest,
  deploymentsQuery,
  eventsQuery,
  explanation,
  plannedDeployment,
  promoteRequest,
  resumeRequest,
  verbAccepted,
  verbRequest,
  type DeploymentRequest,
  type DeploymentsQuery,
} from './deployments.dto.js';
import { DeploymentsService } from './deployments.service.js';
import { creationErrors, planningErrors } from './operation-errors.js';
import { DeploymentEvents } from './reads/deployment-events.service.js';
import { DeploymentReads } from './reads/deployment-reads.service.js';
import { DeploymentVerbs } from './verbs/deployment-verbs.service.js';

@ApiTags('deployments')
@Controller('deployments')
export class DeploymentsController {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly reads: DeploymentReads,
    private readonly events: DeploymentEvents,
    private readonly verbs: DeploymentVerbs,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow(Permission.DeploymentsCreate)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @Operation({
    summary: 'Deploy a release',
    description:
      'Plans the rollout of a release to a cluster of an environment and accepts it. The answer does not wait for the work: follow `links.events`, the WebSocket, or `GET` the deployment. With an `Idempotency-Key`, repeating the request gives the same answer for 7 days.',
    errors: creationErrors,
    example: { request: requestExample, response: acceptedExample },
  })
  @ApiAcceptedResponse({ standardSchema: deploymentAccepted })
  async create(
    @Ctx() ctx: Context,
    @Body({ schema: deploymentRequest }) request: DeploymentRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const accepted = await this.deployments.create(ctx, request, key);
    reply.header('location', accepted.links.self);
    return accepted;
  }

  @Post('plan')
  @HttpCode(200)
  @Allow(Permission.DeploymentsCreate)
  @Operation({
    summary: 'Plan a deployment without starting it',
    description: 'Makes the same checks and the same plan as a deployment would; changes nothing.',
    errors: planningErrors,
    example: { request: requestExample, response: planExample },
  })
  @ApiOkResponse({ standardSchema: plannedDeployment })
  plan(@Ctx() ctx: Context, @Body({ schema: deploymentRequest }) request: DeploymentRequest) {
    return this.deployments.dryRun(ctx, request);
  }

  @Get()
  @Allow(Permission.DeploymentsRead)
  @Operation({
    summary: 'List deployments',
    description: 'Newest first. Filters combine; a cursor belongs to the filters it was made with.',
    errors: [cursorInvalid],
    example: { response: { items: [summaryExample], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: deploymentPage })
  list(@Ctx() ctx: Context, @Query({ schema: deploymentsQuery }) query: DeploymentsQuery) {
    return this.reads.list(ctx, query);
  }

  @Get(':id')
  @Allow(Permission.DeploymentsRead)
  @Operation({
    summary: 'Read a deployment',
    description:
      'Status, waves, the latest reading of the open gate, and, when it was taken back, what decided it. `ETag` is the revision for `If-Match`.',
    errors: [deploymentNotFound],
    example: { response: deploymentExample },
  })
  @ApiOkResponse({ standardSchema: deploymentDetail })
  async detail(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const deployment = await this.reads.detail(ctx, id);
    reply.header('etag', etagOf(deployment.revision));
    return deployment;
  }

  @Get(':id/plan')
  @Allow(Permission.DeploymentsRead)
  @Operation({
    summary: 'Read the plans of a deployment',
    description:
      'Every plan it has had: the forward plans and, when it turned back, the undo plan.',
    errors: [deploymentNotFound],
    example: { response: plansExample },
  })
  @ApiOkResponse({ standardSchema: deploymentPlans })
  plans(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.reads.plans(ctx, id);
  }

  @Get(':id/events')
  @Allow(Permission.DeploymentsRead)
  @Operation({
    summary: 'Read the events of a deployment',
    description:
      'Oldest first, after a sequence number. Sequences increase; they need not be dense.',
    errors: [deploymentNotFound],
    example: { response: { items: [eventExample], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: deploymentEvents })
  eventsAfter(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Query({ schema: eventsQuery }) query: z.output<typeof eventsQuery>,
  ) {
    return this.events.after(ctx, id, query.after, query.limit);
  }

  @Get(':id/explain')
  @Allow(Permission.DeploymentsRead)
  @Operation({
    summary: 'Explain why a deployment is where it is',
    description:
      'What it waits for, since when, until when, who can unblock it and with which verb.',
    errors: [deploymentNotFound],
    example: { response: explanationExample },
  })
  @ApiOkResponse({ standardSchema: explanation })
  explain(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.reads.explain(ctx, id);
  }

  @Post(':id/pause')
  @HttpCode(202)
  @Allow(Permission.DeploymentsOperate)
  @ApiHeader({ name: 'If-Match', required: false })
  @Operation({
    summary: 'Pause a deployment',
    description:
      'Takes effect when the action in progress has ended. Deadlines do not run meanwhile; a gate begins to count anew. After 24 hours it is taken back.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch],
    example: { request: { reason: 'looking at the logs' }, response: verbExample('pause') },
  })
  @ApiAcceptedResponse({ standardSchema: verbAccepted })
  pause(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: verbRequest }) { reason }: z.output<typeof verbRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.request(ctx, id, { verb: 'pause', reason, ifMatch });
  }

  @Post(':id/resume')
  @HttpCode(202)
  @Allow(Permission.DeploymentsOperate)
  @ApiHeader({ name: 'If-Match', required: false })
  @Operation({
    summary: 'Resume a paused deployment',
    description:
      'Goes on where it was paused, also after it stopped for a person to look. When a crash has cut off a hook that must not run twice, `outcome` says what became of it.',
    errors: [
      deploymentNotFound,
      stateNotSuitable,
      versionMismatch,
      hookOutcomeNeeded,
      noHookToAnswer,
    ],
    example: {
      request: { outcome: 'done', reason: 'the index is there; see the ticket' },
      response: verbExample('resume'),
    },
  })
  @ApiAcceptedResponse({ standardSchema: verbAccepted })
  resume(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: resumeRequest }) body: z.output<typeof resumeRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.resume(ctx, id, { ...body, ifMatch });
  }

  @Post(':id/promote')
  @HttpCode(202)
  @Allow(Permission.DeploymentsOperate)
  @ApiHeader({ name: 'If-Match', required: false })
  @Operation({
    summary: 'End the open gate now',
    description:
      'What remains of the gate is skipped and the next wave begins. The reason and the figures of that moment stay in the journal. Refused when no gate is open and when it has found the release harmful.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch, nothingToPromote, gateUnstable],
    example: {
      request: { reason: 'hotfix for the outage; checked by hand', step: 'w1.stabilization' },
      response: verbExample('promote'),
    },
  })
  @ApiAcceptedResponse({ standardSchema: verbAccepted })
  promote(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: promoteRequest }) { reason, step }: z.output<typeof promoteRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.promote(ctx, id, { reason, step, ifMatch });
  }

  @Post(':id/cancel')
  @HttpCode(202)
  @Allow(Permission.DeploymentsOperate)
  @ApiHeader({ name: 'If-Match', required: false })
  @Operation({
    summary: 'Cancel a deployment',
    description:
      'Stops it and takes back what has moved; with `leave`, stops it and leaves the nodes as they are.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch],
    example: { request: { reason: 'wrong version' }, response: verbExample('cancel') },
  })
  @ApiAcceptedResponse({ standardSchema: verbAccepted })
  cancel(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: cancelRequest }) { reason, leave }: z.output<typeof cancelRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.request(ctx, id, { verb: 'cancel', reason, ifMatch, params: { leave } });
  }
}
