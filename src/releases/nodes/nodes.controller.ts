import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  clusterNotFound,
  clusterRequired,
  enrollmentTokenLimit,
  environmentNotFound,
  nodeNotFound,
} from '../../fleet/fleet.errors.js';
import {
  enrollmentTokenBody,
  enrollmentTokenOut,
  type EnrollmentTokenBody,
} from '../../fleet/nodes/enrollment-tokens.dto.js';
import { EnrollmentTokensService } from '../../fleet/nodes/enrollment-tokens.service.js';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './nodes.dto.js';
import { nodeExample } from './nodes.example.js';
import { NodesService } from './nodes.service.js';

@ApiTags('nodes')
@Controller('nodes')
export class NodesController {
  constructor(
    private readonly nodes: NodesService,
    private readonly tokens: EnrollmentTokensService,
  ) {}

  @Route('GET', {
    access: Permission.FleetRead,
    summary: 'List nodes',
    description:
      'Newest first, or as `sort` says, with what each should run and runs. A node is Lost after 20 s without a report.',
    errors: [cursorInvalid],
    answer: pageOf(dto.nodeOut),
    example: { response: { items: [nodeExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.nodesQuery }) query: dto.NodesQuery) {
    return this.nodes.list(ctx, query);
  }

  @Route('POST enrollment-tokens', {
    access: Permission.FleetManage,
    summary: 'Make an enrolment token',
    description:
      'Lets one node join the cluster within 15 minutes. The token is shown once and kept as a hash only, so Idempotency-Key is not honoured here.',
    errors: [environmentNotFound, clusterNotFound, clusterRequired, enrollmentTokenLimit],
    answer: enrollmentTokenOut,
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
  createToken(
    @Ctx() ctx: Context,
    @Body({ schema: enrollmentTokenBody }) body: EnrollmentTokenBody,
  ) {
    return this.tokens.create(ctx, body);
  }

  @Route('GET :id', {
    access: Permission.FleetRead,
    summary: 'Read a node',
    description: 'Its state, labels, and what it should run and runs.',
    errors: [nodeNotFound],
    answer: dto.nodeOut,
    example: { response: nodeExample },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.nodeParams }) { id }: dto.NodeParams) {
    return this.nodes.get(ctx, id);
  }

  @Route('POST :id/cordon', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Leave a node out of rollouts',
    description: 'What runs on the node goes on running. Repeating it changes nothing.',
    errors: [nodeNotFound],
    answer: dto.nodeOut,
    status: 200,
    example: { response: { ...nodeExample, state: 'Cordoned' } },
  })
  cordon(@Ctx() ctx: Context, @Param({ schema: dto.nodeParams }) { id }: dto.NodeParams) {
    return this.nodes.cordon(ctx, id);
  }

  @Route('POST :id/uncordon', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Let a node take part in rollouts again',
    description:
      'It ends a drain, too: with its next report the node gets what its cluster runs by now.',
    errors: [nodeNotFound],
    answer: dto.nodeOut,
    status: 200,
    example: { response: nodeExample },
  })
  uncordon(@Ctx() ctx: Context, @Param({ schema: dto.nodeParams }) { id }: dto.NodeParams) {
    return this.nodes.uncordon(ctx, id);
  }

  @Route('DELETE :id', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Revoke a node',
    description:
      'Its key is refused within seconds and its name is free again. What runs there is not stopped.',
    errors: [nodeNotFound],
    answer: { description: 'The node is revoked.' },
    status: 204,
  })
  revoke(@Ctx() ctx: Context, @Param({ schema: dto.nodeParams }) { id }: dto.NodeParams) {
    return this.nodes.revoke(ctx, id);
  }
}
