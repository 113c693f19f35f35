import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { Operation } from '../../platform/http/operation.js';
import { pageOf, type Page } from '../../platform/http/page.js';
import {
  clusterNotFound,
  clusterRequired,
  enrollmentTokenLimit,
  environmentNotFound,
  nodeNotFound,
} from '../fleet.errors.js';
import { EnrollmentTokensService, type EnrollmentToken } from './enrollment-tokens.service.js';
import type { NodeView } from './node-view.js';
import {
  enrollmentTokenBody,
  enrollmentTokenOut,
  nodeOut,
  nodeParams,
  nodesQuery,
  type EnrollmentTokenBody,
  type NodeParams,
  type NodesQuery,
} from './nodes.dto.js';
import { nodeExample } from './nodes.example.js';
import { NodesService } from './nodes.service.js';

@ApiTags('nodes')
@Controller('nodes')
export class NodesController {
  constructor(
    private readonly nodes: NodesService,
    private readonly tokens: EnrollmentTokensService,
  ) {}

  @Get()
  @Allow(Permission.FleetRead)
  @Operation({
    summary: 'List nodes',
    description:
      'Newest first, with what each should run and runs. A node is Lost after 20 s without a report.',
    errors: [cursorInvalid],
    example: { response: { items: [nodeExample], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: pageOf(nodeOut) })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: nodesQuery }) query: NodesQuery,
  ): Promise<Page<NodeView>> {
    return this.nodes.list(ctx, query);
  }

  @Post('enrollment-tokens')
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Make an enrolment token',
    description:
      'Lets one node join the cluster within 15 minutes. The token is shown once and kept as a hash only, so Idempotency-Key is not honoured here.',
    errors: [environmentNotFound, clusterNotFound, clusterRequired, enrollmentTokenLimit],
    example: {
      request: { environment: 'Production' },
      response: {
        token: 'tge_…',
        expiresAt: '2026-01-05T08:15:00.000Z',
        environment: 'Production',
        cluster: 'local',
        name: null,
      },
    },
  })
  @ApiCreatedResponse({ standardSchema: enrollmentTokenOut })
  createToken(
    @Ctx() ctx: Context,
    @Body({ schema: enrollmentTokenBody }) body: EnrollmentTokenBody,
  ): Promise<EnrollmentToken> {
    return this.tokens.create(ctx, body);
  }

  @Get(':id')
  @Allow(Permission.FleetRead)
  @Operation({
    summary: 'Read a node',
    description: 'Its state, labels, and what it should run and runs.',
    errors: [nodeNotFound],
    example: { response: nodeExample },
  })
  @ApiOkResponse({ standardSchema: nodeOut })
  get(@Ctx() ctx: Context, @Param({ schema: nodeParams }) { id }: NodeParams): Promise<NodeView> {
    return this.nodes.get(ctx, id);
  }

  @Post(':id/cordon')
  @HttpCode(200)
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Leave a node out of rollouts',
    description: 'What runs on the node goes on running. Repeating it changes nothing.',
    errors: [nodeNotFound],
    example: { response: { ...nodeExample, state: 'Cordoned' } },
  })
  @ApiOkResponse({ standardSchema: nodeOut })
  cordon(
    @Ctx() ctx: Context,
    @Param({ schema: nodeParams }) { id }: NodeParams,
  ): Promise<NodeView> {
    return this.nodes.cordon(ctx, id);
  }

  @Post(':id/uncordon')
  @HttpCode(200)
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Take a node back into rollouts',
    description: 'With its next report the node gets what its cluster runs by now.',
    errors: [nodeNotFound],
    example: { response: nodeExample },
  })
  @ApiOkResponse({ standardSchema: nodeOut })
  uncordon(
    @Ctx() ctx: Context,
    @Param({ schema: nodeParams }) { id }: NodeParams,
  ): Promise<NodeView> {
    return this.nodes.uncordon(ctx, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Allow(Permission.FleetManage)
  @Operation({
    summary: 'Revoke a node',
    description:
      'Its key is refused within seconds and its name is free again. What runs there is not stopped.',
    errors: [nodeNotFound],
  })
  @ApiNoContentResponse({ description: 'The node is revoked.' })
  revoke(@Ctx() ctx: Context, @Param({ schema: nodeParams }) { id }: NodeParams): Promise<void> {
    return this.nodes.revoke(ctx, id);
  }
}
