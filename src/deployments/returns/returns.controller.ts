import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { uuid } from '../../kernel/text.js';
import type { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Operation } from '../../platform/http/operation.js';
import { newerDeploymentThere, noRollbackTarget, rollbackUnderWay } from '../deployment.errors.js';
import { acceptedExample } from '../deployment.examples.js';
import { deploymentAccepted } from '../deployments.dto.js';
import { invalidGateParams } from '../gates/gate.errors.js';
import { returnErrors } from '../operation-errors.js';
import { unknownStrategy } from '../strategies/strategy.errors.js';
import {
  retryRequest,
  rollbackRequest,
  type RetryRequest,
  type RollbackRequest,
} from './returns.dto.js';
import { DeploymentReturns } from './returns.service.js';

@ApiTags('deployments')
@Controller('deployments')
export class ReturnsController {
  constructor(private readonly returns: DeploymentReturns) {}

  @Post(':id/rollback')
  @HttpCode(202)
  @Allow(Permission.DeploymentsCreate)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @Operation({
    summary: 'Go back to what ran before a deployment',
    description:
      'Creates a new deployment of the release and configuration that succeeded there before, or of those of `to` (at most 90 days ago). It goes first in the queue, moves all nodes at once unless `strategy` says otherwise, and needs no approval. Asking again while it is under way answers the same one; asking for another `to` is refused then.',
    errors: [
      ...returnErrors,
      noRollbackTarget,
      newerDeploymentThere,
      rollbackUnderWay,
      unknownStrategy,
    ],
    example: {
      request: { reason: 'orders are rejected since 2.1.0' },
      response: { ...acceptedExample, version: '2.0.3', strategy: { kind: 'direct' } },
    },
  })
  @ApiAcceptedResponse({ standardSchema: deploymentAccepted })
  async rollback(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: rollbackRequest }) request: RollbackRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const accepted = await this.returns.rollback(ctx, id, request, key);
    reply.header('location', accepted.links.self);
    return accepted;
  }

  @Post(':id/retry')
  @HttpCode(202)
  @Allow(Permission.DeploymentsCreate)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @Operation({
    summary: 'Try a deployment again',
    description:
      'Creates a new deployment of the same release and configuration with the same strategy and gate, checked by the present rules of its environment. It may bring a release that was taken back there by itself. Asking again while it is under way answers the same one.',
    errors: [...returnErrors, invalidGateParams],
    example: { request: { reason: 'the disk of node-3 was full' }, response: acceptedExample },
  })
  @ApiAcceptedResponse({ standardSchema: deploymentAccepted })
  async retry(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: retryRequest }) request: RetryRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const accepted = await this.returns.retry(ctx, id, request, key);
    reply.header('location', accepted.links.self);
    return accepted;
  }
}
