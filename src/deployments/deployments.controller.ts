import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Permission } from '../kernel/permission.js';
import { uuid } from '../kernel/text.js';
import type { Context } from '../platform/context.js';
import { Ctx } from '../platform/http/ctx.js';
import { cursorInvalid } from '../platform/http/http.errors.js';
import { etagOf } from '../platform/http/if-match.js';
import { Route } from '../platform/http/route.js';
import { deploymentNotFound, failureLogNotFound } from './deployment.errors.js';
import * as examples from './deployment.examples.js';
import * as dto from './deployments.dto.js';
import { deploymentsQuery, type DeploymentsQuery } from './deployments-query.dto.js';
import { failureLog, failureLogParams, type FailureLogParams } from './failure-logs.dto.js';
import { DeploymentsService } from './deployments.service.js';
import { creationErrors, planningErrors } from './operation-errors.js';
import { DeploymentEvents } from './reads/deployment-events.service.js';
import { DeploymentReads } from './reads/deployment-reads.service.js';
import { FailureLogReads } from './reads/failure-log-reads.service.js';
import { DeploymentVerbs } from './verbs/deployment-verbs.service.js';
import { VerbRoutes } from './verbs/verb-routes.js';

@ApiTags('deployments')
@Controller('deployments')
export class DeploymentsController extends VerbRoutes {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly reads: DeploymentReads,
    private readonly events: DeploymentEvents,
    private readonly failureLogs: FailureLogReads,
    protected readonly verbs: DeploymentVerbs,
  ) {
    super();
  }

  @Route('POST', {
    access: Permission.DeploymentsCreate,
    rate: 'deployments',
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
    description:
      'Newest first, or as `sort` says. Filters combine; a cursor belongs to the filters and the order it was made with.',
    errors: [cursorInvalid],
    answer: dto.deploymentPage,
    example: { response: { items: [examples.summaryExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: deploymentsQuery }) query: DeploymentsQuery) {
    return this.reads.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.DeploymentsRead,
    summary: 'Read a deployment',
    description:
      'Status, waves, the latest reading of the open gate, and, when it was rolled back, what decided it. `ETag` is the revision for `If-Match`.',
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
  @Route('GET :id/nodes/:node/log', {
    access: Permission.DeploymentsRead,
    summary: 'Read what a failed instance has printed',
    description:
      'The last lines of the instance or hook that failed on this node in this deployment, as the node has sent them: at most 200, 64 KiB together. Values that look secret are masked there, control characters are replaced. Kept for 30 days.',
    errors: [deploymentNotFound, failureLogNotFound],
    answer: failureLog,
    example: { response: examples.failureLogExample },
  })
  failureLog(
    @Ctx() ctx: Context,
    @Param({ schema: failureLogParams }) { id, node }: FailureLogParams,
  ) {
    return this.failureLogs.ofNode(ctx, id, node);
  }
}
