import { Body, Controller, Param, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { failureLog, type FailureLog } from '../../../agent/protocol/failure-log.js';
import * as protocol from '../../../agent/protocol/protocol.js';
import { limits } from '../../../kernel/limits.js';
import { quotaExceeded } from '../../../kernel/quota.errors.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { downloadsFull, downloadsLimit } from '../../../platform/http/http.errors.js';
import { AsksForNode, TakesJson } from '../../../platform/http/route-facts.js';
import { Route } from '../../../platform/http/route.js';
import * as dto from './agent.dto.js';
import {
  artifactNotFound,
  downloadsBusy,
  enrollmentNameMismatch,
  enrollmentTokenExpired,
  enrollmentTokenRevoked,
  enrollmentTokenUnknown,
  enrollmentTokenUsed,
  nodeDuplicated,
  nodeKeyTaken,
  nodeNameTaken,
  nodeRevoked,
} from './agent.errors.js';
import { agentExamples } from './agent.examples.js';
import { ArtifactDownloads } from './artifact-downloads.js';
import { DesiredPolls } from './desired-polls.js';
import { EnrollmentService } from './enrollment.service.js';
import { FailureLogsService } from './failure-logs.service.js';
import { ReportsService } from './reports.service.js';

/** The wire to the agents. They only call; nothing ever calls them. */
@ApiTags('agent')
@Controller('agent')
export class AgentController {
  constructor(
    private readonly enrollment: EnrollmentService,
    private readonly reports: ReportsService,
    private readonly failureLogs: FailureLogsService,
    private readonly desiredPolls: DesiredPolls,
    private readonly downloads: ArtifactDownloads,
  ) {}

  @Route('POST enroll', {
    access: 'public',
    summary: 'Enrol a node',
    description:
      'Makes a node of an agent that brings a single-use token and the public half of its own key. Repeating the call with the same token, name and key answers the same.',
    errors: [
      enrollmentTokenUnknown,
      enrollmentTokenUsed,
      enrollmentTokenExpired,
      enrollmentTokenRevoked,
      enrollmentNameMismatch,
      nodeNameTaken,
      nodeKeyTaken,
      quotaExceeded,
    ],
    answer: protocol.enrollResponse,
    status: 200,
    example: agentExamples.enroll,
  })
  enroll(
    @Body({ schema: protocol.enrollRequest }) body: protocol.EnrollRequest,
    @Req() request: FastifyRequest,
  ) {
    return this.enrollment.enroll(body, request.id);
  }

  @AsksForNode()
  @TakesJson({ members: limits.reportJsonMembers })
  @Route('POST report', {
    access: 'agent',
    summary: 'Report what a node runs',
    description:
      'Observed state and cumulative metrics. It is the heartbeat, too: sent at once, then every reportIntervalMs and on every change.',
    errors: [nodeRevoked, nodeDuplicated],
    answer: protocol.reportResponse,
    status: 200,
    example: agentExamples.report,
  })
  report(
    @Ctx() ctx: Context,
    @Body({ schema: protocol.reportRequest }) body: protocol.ReportRequest,
  ) {
    return this.reports.report(ctx, body);
  }

  @Route('POST failure-logs', {
    access: 'agent',
    summary: 'Send what a failed instance has printed',
    description:
      'Once per failure: the last lines, masked by the node. One is kept for each generation of a module, the newest five of a node and module, for 30 days. What the node was never told is left out.',
    errors: [nodeRevoked, nodeDuplicated],
    answer: { description: 'It is kept, or was left out.' },
    status: 204,
    example: agentExamples.failureLog,
  })
  async failureLog(@Ctx() ctx: Context, @Body({ schema: failureLog }) body: FailureLog) {
    await this.failureLogs.keep(ctx, body);
  }

  @Route('GET desired', {
    access: 'agent',
    summary: 'Wait for a newer desired state',
    description:
      'A long poll. Answers 200 with a signed statement when the desired revision is above `after`, else 204 after `waitMs`. A newer request of the same node ends this one with 204.',
    errors: [nodeRevoked, nodeDuplicated],
    answer: protocol.desiredResponse,
    example: agentExamples.desired,
  })
  async desired(
    @Ctx() ctx: Context,
    @Query({ schema: dto.desiredQuery }) query: dto.DesiredQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const statement = await this.desiredPolls.poll(ctx, query, gone.signal);
    void reply.header('cache-control', 'no-store');
    if (statement !== null) return { statement };
    void reply.status(204);
    return undefined;
  }

  @ApiProduces('application/octet-stream')
  @Route('GET artifacts/:artifactDigest', {
    access: 'agent',
    summary: 'Download an artifact',
    description:
      'Only what this node should run, or should have run before. 503 with Retry-After while many nodes of the cluster are downloading.',
    errors: [artifactNotFound, downloadsBusy, downloadsLimit, downloadsFull, nodeDuplicated],
    answer: {
      description: 'The archive.',
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
  })
  async artifact(
    @Ctx() ctx: Context,
    @Param({ schema: dto.artifactParams }) { artifactDigest }: dto.ArtifactParams,
  ) {
    const { stream, bytes } = await this.downloads.open(ctx, artifactDigest);
    return new StreamableFile(stream, { type: 'application/octet-stream', length: bytes });
  }
}
