import { Body, Controller, Headers, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import { Permission } from '../../kernel/permission.js';
import { uuid } from '../../kernel/text.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { newerDeploymentThere, noRollbackTarget, rollbackUnderWay } from '../deployment.errors.js';
import { acceptedExample } from '../deployment.examples.js';
import { deploymentAccepted, located } from '../deployments.dto.js';
import { invalidGateParams } from '../gates/gate.errors.js';
import { targetHeld } from '../holds/holds.errors.js';
import { returnErrors } from '../operation-errors.js';
import { unknownStrategy } from '../strategies/strategy.errors.js';
import * as dto from './returns.dto.js';
import { DeploymentReturns } from './returns.service.js';

@ApiTags('deployments')
@Controller('deployments')
export class ReturnsController {
  constructor(private readonly returns: DeploymentReturns) {}

  @Route('POST :id/rollback', {
    access: Permission.DeploymentsRollback,
    isOpenWhileSuspended: true,
    summary: 'Go back to what ran before a deployment',
    description:
      'Creates a new deployment of the release and configuration that succeeded there before, or of those of `to` (at most 90 days ago). It goes first in the queue, moves all nodes at once unless `strategy` says otherwise, and needs no approval. Asking again while it is under way returns the same one; asking for another `to` is refused then.',
    errors: [
      ...returnErrors,
      noRollbackTarget,
      newerDeploymentThere,
      rollbackUnderWay,
      unknownStrategy,
    ],
    answer: deploymentAccepted,
    status: 202,
    header: { name: 'Idempotency-Key' },
    answerHeaders: located,
    example: {
      request: { reason: 'orders are rejected since 2.1.0' },
      response: { ...acceptedExample, version: '2.0.3', strategy: { kind: 'direct' } },
    },
  })
  rollback(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.rollbackRequest }) request: dto.RollbackRequest,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.returns.rollback(ctx, id, request, key);
  }

  @Route('POST :id/retry', {
    access: Permission.DeploymentsRetry,
    rate: 'deployments',
    summary: 'Try a deployment again',
    description:
      'Creates a new deployment of the same release and configuration with the same strategy and gate, checked by the present rules of its environment. It may bring a release that was rolled back there automatically. Asking again while it is under way returns the same one.',
    errors: [...returnErrors, targetHeld, quotaExceeded, invalidGateParams],
    answer: deploymentAccepted,
    status: 202,
    header: { name: 'Idempotency-Key' },
    answerHeaders: located,
    example: { request: { reason: 'the disk of node-3 was full' }, response: acceptedExample },
  })
  retry(
    @Ctx() ctx: Context,
    @Param('id', { schema: uuid }) id: string,
    @Body({ schema: dto.retryRequest }) request: dto.RetryRequest,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.returns.retry(ctx, id, request, key);
  }
}
