import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Permission } from '../kernel/permission.js';
import { uuid } from '../kernel/text.js';
import type { Context } from '../platform/context.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid, versionMismatch } from '../platform/http/http.errors.js';
import { etagOf } from '../platform/http/if-match.js';
import { Route } from '../platform/http/route.js';
import {
  deploymentNotFound,
  gateUnstable,
  hookOutcomeNeeded,
  noHookToAnswer,
  nothingToPromote,
  stateNotSuitable,
} from './deployment.errors.js';
import * as examples from './deployment.examples.js';
import * as dto from './deployments.dto.js';
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

  @Route('POST', {
    access: Permission.DeploymentsCreate,
    summary: 'Deploy a release',
    description:
      'Plans the rollout of a release to a cluster of an environment and accepts it. The answer does not wait for the work: follow `links.events`, the WebSocket, or `GET` the deployment. With an `Idempotency-Key`, repeating the request gives the same answer for 7 days.',
    errors: creationErrors,
    answer: dto.deploymentAccepted,
    status: 202,
    header: { name: 'Idempotency-Key' },
    answerHeaders: dto.located,
    example: { request: examples.requestExample, response: examples.acceptedExample },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.deploymentRequest }) request: dto.DeploymentRequest,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.deployments.create(ctx, request, key);
  }

  @Route('POST plan', {
    access: Permission.DeploymentsCreate,
    summary: 'Plan a deployment without starting it',
    description: 'Makes the same checks and the same plan as a deployment would; changes nothing.',
    errors: planningErrors,
    answer: dto.plannedDeployment,
    status: 200,
    example: { request: examples.requestExample, response: examples.planExample },
  })
  plan(
    @Ctx() ctx: Context,
    @Body({ schema: dto.deploymentRequest }) request: dto.DeploymentRequest,
  ) {
    return this.deployments.dryRun(ctx, request);
  }

  @Route('GET', {
    access: Permission.DeploymentsRead,
    summary: 'List deployments',
    description: 'Newest first. Filters combine; a cursor belongs to the filters it was made with.',
    errors: [cursorInvalid],
    answer: dto.deploymentPage,
    example: { response: { items: [examples.summaryExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.deploymentsQuery }) query: dto.DeploymentsQuery) {
    return this.reads.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.DeploymentsRead,
    summary: 'Read a deployment',
    description:
      'Status, waves, the latest reading of the open gate, and, when it was taken back, what decided it. `ETag` is the revision for `If-Match`.',
    errors: [deploymentNotFound],
    answer: dto.deploymentDetail,
    answerHeaders: ({ revision }: dto.DeploymentDetail) => ({ etag: etagOf(revision) }),
    example: { response: examples.deploymentExample },
  })
  detail(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.reads.detail(ctx, id);
  }

  @Route('GET :id/plan', {
    access: Permission.DeploymentsRead,
    summary: 'Read the plans of a deployment',
    description:
      'Every plan it has had: the forward plans and, when it turned back, the undo plan.',
    errors: [deploymentNotFound],
    answer: dto.deploymentPlans,
    example: { response: examples.plansExample },
  })
  plans(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.reads.plans(ctx, id);
  }

  @Route('GET :id/events', {
    access: Permission.DeploymentsRead,
    summary: 'Read the events of a deployment',
    description:
      'Oldest first, after a sequence number. Sequences increase; they need not be dense.',
    errors: [deploymentNotFound],
    answer: dto.deploymentEvents,
    example: { response: { items: [examples.eventExample], nextCursor: null } },
  })
  eventsAfter(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Query({ schema: dto.eventsQuery }) query: z.output<typeof dto.eventsQuery>,
  ) {
    return this.events.after(ctx, id, query.after, query.limit);
  }

  @Route('GET :id/explain', {
    access: Permission.DeploymentsRead,
    summary: 'Explain why a deployment is where it is',
    description:
      'What it waits for, since when, until when, who can unblock it and with which verb.',
    errors: [deploymentNotFound],
    answer: dto.explanation,
    example: { response: examples.explanationExample },
  })
  explain(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.reads.explain(ctx, id);
  }

  @Route('POST :id/pause', {
    access: Permission.DeploymentsOperate,
    summary: 'Pause a deployment',
    description:
      'Takes effect when the action in progress has ended. Deadlines do not run meanwhile; a gate begins to count anew. After 24 hours it is taken back.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch],
    answer: dto.verbAccepted,
    status: 202,
    header: { name: 'If-Match' },
    example: {
      request: { reason: 'looking at the logs' },
      response: examples.verbExample('pause'),
    },
  })
  pause(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.verbRequest }) { reason }: z.output<typeof dto.verbRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.request(ctx, id, { verb: 'pause', reason, ifMatch });
  }

  @Route('POST :id/resume', {
    access: Permission.DeploymentsOperate,
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
    answer: dto.verbAccepted,
    status: 202,
    header: { name: 'If-Match' },
    example: {
      request: { outcome: 'done', reason: 'the index is there; see the ticket' },
      response: examples.verbExample('resume'),
    },
  })
  resume(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.resumeRequest }) body: z.output<typeof dto.resumeRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.resume(ctx, id, { ...body, ifMatch });
  }

  @Route('POST :id/promote', {
    access: Permission.DeploymentsOperate,
    summary: 'End the open gate now',
    description:
      'What remains of the gate is skipped and the next wave begins. The reason and the figures of that moment stay in the journal. Refused when no gate is open and when it has found the release harmful.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch, nothingToPromote, gateUnstable],
    answer: dto.verbAccepted,
    status: 202,
    header: { name: 'If-Match' },
    example: {
      request: { reason: 'hotfix for the outage; checked by hand', step: 'w1.stabilization' },
      response: examples.verbExample('promote'),
    },
  })
  promote(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.promoteRequest }) { reason, step }: z.output<typeof dto.promoteRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.promote(ctx, id, { reason, step, ifMatch });
  }

  @Route('POST :id/cancel', {
    access: Permission.DeploymentsOperate,
    summary: 'Cancel a deployment',
    description:
      'Stops it and takes back what has moved; with `leave`, stops it and leaves the nodes as they are.',
    errors: [deploymentNotFound, stateNotSuitable, versionMismatch],
    answer: dto.verbAccepted,
    status: 202,
    header: { name: 'If-Match' },
    example: { request: { reason: 'wrong version' }, response: examples.verbExample('cancel') },
  })
  cancel(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.cancelRequest }) { reason, leave }: z.output<typeof dto.cancelRequest>,
    @Headers('if-match') ifMatch?: string,
  ) {
    return this.verbs.request(ctx, id, { verb: 'cancel', reason, ifMatch, params: { leave } });
  }
}
